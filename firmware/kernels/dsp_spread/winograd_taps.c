/*
 * Two channels of two tiles and four outputs (winograd_multiply has the registers), for cores where a
 * loaded word can be multiplied two cycles later, and a load may share its cycle: each stands behind
 * a multiplication, those of the next two channels included.
 */
#define INTNIC_SMUAD(s, p, w) "smuad %[s" s "], %[" p "], %[" w "]\n\t"
#define INTNIC_SMLAD(s, p, w) "smlad %[s" s "], %[" p "], %[" w "], %[s" s "]\n\t"
#define INTNIC_TWO_CHANNELS(product, next_a, next_p0, next_rest)            \
    product("0", "p0", "a") product("4", "p1", "a")                         \
    "ldr.w %[a], [%[w], #8]\n\t"                                            \
    product("1", "p0", "b") product("5", "p1", "b")                         \
    "ldr.w %[b], [%[w], #12]\n\t"                                           \
    product("2", "p0", "a") product("6", "p1", "a") next_a                  \
    product("3", "p0", "b") next_p0 product("7", "p1", "b") next_rest
#define INTNIC_WITH_NEXT(product)                                           \
    INTNIC_TWO_CHANNELS(product, "ldr.w %[a], [%[w], #16]!\n\t",            \
                        "ldr.w %[p0], [%[x], #8]!\n\t",                     \
                        "ldr.w %[p1], [%[x], #4]\n\tldr.w %[b], [%[w], #4]\n\t")

/* At first there are no sums, and nothing is loaded; behind the last there is nothing to load. */
#define INTNIC_FIRST_CHANNELS                                               \
    "ldr.w %[p0], [%[x]]\n\tldr.w %[a], [%[w]]\n\t"                         \
    "ldr.w %[p1], [%[x], #4]\n\tldr.w %[b], [%[w], #4]\n\t"                 \
    INTNIC_WITH_NEXT(INTNIC_SMUAD)
#define INTNIC_MORE_CHANNELS INTNIC_WITH_NEXT(INTNIC_SMLAD)
#define INTNIC_LAST_CHANNELS                                                \
    INTNIC_TWO_CHANNELS(INTNIC_SMLAD, "add.w %[w], %[w], #16\n\t",          \
                        "add.w %[x], %[x], #8\n\t", "")
