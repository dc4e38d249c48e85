/*
 * Two channels of two tiles and four outputs (winograd_multiply has the registers), with loads in
 * rows, as one behind another takes a cycle less: 16 cycles. All instructions are wide.
 */
#define INTNIC_SMUAD(s, p, w) "smuad %[s" s "], %[" p "], %[" w "]\n\t"
#define INTNIC_SMLAD(s, p, w) "smlad %[s" s "], %[" p "], %[" w "], %[s" s "]\n\t"
#define INTNIC_TWO_CHANNELS(product)                                        \
    "ldr.w %[p1], [%[x], #4]\n\t"                                           \
    "ldr.w %[p0], [%[x]], #8\n\t"                                           \
    "ldr.w %[b], [%[w], #4]\n\t"                                            \
    "ldr.w %[a], [%[w]], #16\n\t"                                           \
    product("0", "p0", "a") product("4", "p1", "a")                         \
    product("1", "p0", "b") product("5", "p1", "b")                         \
    "ldr.w %[a], [%[w], #-8]\n\t"                                           \
    "ldr.w %[b], [%[w], #-4]\n\t"                                           \
    product("2", "p0", "a") product("6", "p1", "a")                         \
    product("3", "p0", "b") product("7", "p1", "b")

/* At first there are no sums; the last ones are like those between. */
#define INTNIC_FIRST_CHANNELS INTNIC_TWO_CHANNELS(INTNIC_SMUAD)
#define INTNIC_MORE_CHANNELS INTNIC_TWO_CHANNELS(INTNIC_SMLAD)
#define INTNIC_LAST_CHANNELS INTNIC_MORE_CHANNELS
