/*
 * One step along a line, in assembly for the registers: from windows that begin in the words c, d and
 * e, one of each line, on to the words behind them, where the windows end. For cores where a loaded
 * word can be multiplied, and a product used, two cycles later, and a load may share a
 * multiplication's cycle.
 *
 * Stride 1, with the bias in a: windows from the first and the second step of a word.
 */
#define INTNIC_TWO_WINDOWS(next, THEN)                               \
    "smlad %[a], %[d], %[w1], %[a]\n\t"                             \
    "ldr.w %[b], %[bias]\n\t"                                       \
    "smlad %[a], %[e], %[w2], %[a]\n\t"                             \
    "smlad %[a], %[c], %[w0], %[a]\n\t"                             \
    "smlatb %[b], %[d], %[w1], %[b]\n\t"                            \
    "ldr.w %[d], [%[plane], #16]\n\t"                               \
    "smlatb %[b], %[e], %[w2], %[b]\n\t"                            \
    "ldr.w %[e], [%[plane], #32]\n\t"                               \
    "smlatb %[b], %[c], %[w0], %[b]\n\t"                            \
    "ldr %[c], [%[plane]], #%c[next]\n\t"                           \
    "smlabt %[a], %[d], %[v1], %[a]\n\t"                            \
    "smlabt %[a], %[e], %[v2], %[a]\n\t"                            \
    "smlabt %[a], %[c], %[v0], %[a]\n\t"                            \
    "smlad %[b], %[d], %[v1], %[b]\n\t"                             \
    "smlad %[b], %[e], %[v2], %[b]\n\t"                             \
    INTNIC_SCALED("a")                                              \
    "smlad %[b], %[c], %[v0], %[b]\n\t"                             \
    INTNIC_CODED("a")                                               \
    INTNIC_PUT("a", "], #8")                                        \
    "ldr.w %[a], %[" next "]\n\t"                                   \
    INTNIC_SCALED("b")                                              \
    THEN                                                            \
    INTNIC_CODED("b")                                               \
    INTNIC_PUT("b", ", #-4]")

/* Stride 2: one window from each word. */
#define INTNIC_ONE_WINDOW                                           \
    "smlad %[a], %[d], %[w1], %[bias]\n\t"                          \
    "ldr.w %[d], [%[plane], #16]\n\t"                               \
    "smlad %[a], %[e], %[w2], %[a]\n\t"                             \
    "ldr.w %[e], [%[plane], #32]\n\t"                               \
    "smlad %[a], %[c], %[w0], %[a]\n\t"                             \
    "ldr %[c], [%[plane]], #%c[next]\n\t"                           \
    "smlabt %[a], %[d], %[v0], %[a]\n\t"                            \
    "smlabb %[a], %[e], %[v1], %[a]\n\t"                            \
    "smlabb %[a], %[c], %[v0], %[a]\n\t"                            \
    INTNIC_SCALED("a")                                              \
    INTNIC_CODED("a")                                               \
    INTNIC_PUT("a", "], #4")
