/*
 * One step along a line, in assembly for the registers: from windows that begin in the words c, d and
 * e, one of each line, on to the words behind them, where the windows end.
 *
 * Stride 1, with the bias in a: windows from the first and the second step of a word. The second store
 * lies behind the load of what is needed next, where it costs nothing.
 */
#define INTNIC_TWO_WINDOWS(next, THEN)                               \
    "smlatb %[b], %[c], %[w0], %[a]\n\t"                            \
    "smlad %[a], %[c], %[w0], %[a]\n\t"                             \
    "smlatb %[b], %[d], %[w1], %[b]\n\t"                            \
    "smlad %[a], %[d], %[w1], %[a]\n\t"                             \
    "smlatb %[b], %[e], %[w2], %[b]\n\t"                            \
    "smlad %[a], %[e], %[w2], %[a]\n\t"                             \
    INTNIC_LOAD_PAIR                                                \
    "smlabt %[a], %[c], %[v0], %[a]\n\t"                            \
    "smlad %[b], %[c], %[v0], %[b]\n\t"                             \
    "smlabt %[a], %[d], %[v1], %[a]\n\t"                            \
    "smlad %[b], %[d], %[v1], %[b]\n\t"                             \
    "smlabt %[a], %[e], %[v2], %[a]\n\t"                            \
    "smlad %[b], %[e], %[v2], %[b]\n\t"                             \
    INTNIC_SCALED("a")                                              \
    INTNIC_SCALED("b")                                              \
    INTNIC_CODED("a")                                               \
    INTNIC_PUT("a", "], #8")                                        \
    INTNIC_CODED("b")                                               \
    "ldr.w %[a], %[" next "]\n\t"                                   \
    INTNIC_PUT("b", ", #-4]")                                       \
    THEN

/* Stride 2: one window from each word. */
#define INTNIC_ONE_WINDOW                                           \
    "smlad %[a], %[c], %[w0], %[bias]\n\t"                          \
    "smlad %[a], %[d], %[w1], %[a]\n\t"                             \
    "smlad %[a], %[e], %[w2], %[a]\n\t"                             \
    INTNIC_LOAD_PAIR                                                \
    "smlabb %[a], %[c], %[v0], %[a]\n\t"                            \
    "smlabt %[a], %[d], %[v0], %[a]\n\t"                            \
    "smlabb %[a], %[e], %[v1], %[a]\n\t"                            \
    INTNIC_SCALED("a")                                              \
    INTNIC_CODED("a")                                               \
    INTNIC_PUT("a", "], #4")
