/*
 * Two taps of four or three pixels and two channels of a band (conv2d_band.c has the registers), with
 * loads in rows, as one behind another takes a cycle less. `first` and `second` load weights, `unpack`
 * makes weights of what they load. All instructions are wide.
 */
#define INTNIC_SMLADS(pixel, to0, to1, from0, from1)                                            \
    "smlad %[" to0 "], %[" pixel "], %[r], %[" from0 "]\n\t"                                    \
    "smlad %[" to1 "], %[" pixel "], %[t], %[" from1 "]\n\t"
#define INTNIC_ADD(pixel, to0, to1) INTNIC_SMLADS(pixel, to0, to1, to0, to1)

/* 16 cycles, and one more where weights of both channels have to be unpacked. */
#define INTNIC_FOUR(first, second, unpack)                                                      \
    "ldr.w %[c], [%[x], #%c[at1]]\n\t" first second                                             \
    "ldr.w %[m], [%[x]], #4\n\t" unpack                                                         \
    INTNIC_ADD("m", "s0", "s1") INTNIC_ADD("c", "s2", "s3")                                     \
    "ldr.w %[c], [%[x], #%c[at3] - 4]\n\t"                                                      \
    "ldr.w %[m], [%[x], #%c[at2] - 4]\n\t"                                                      \
    INTNIC_ADD("m", "s4", "s5") INTNIC_ADD("c", "s6", "s7")
/* The first two, which all begin with the biases in s0 and s1. */
#define INTNIC_FIRST_FOUR(first, second, unpack)                                                \
    "ldr.w %[m], [%[x], #%c[at2]]\n\t"                                                          \
    "ldr.w %[c], [%[x], #%c[at1]]\n\t" first second unpack                                      \
    INTNIC_SMLADS("m", "s4", "s5", "s0", "s1") INTNIC_SMLADS("c", "s2", "s3", "s0", "s1")       \
    "ldr.w %[c], [%[x], #%c[at3]]\n\t"                                                          \
    "ldr.w %[m], [%[x]], #4\n\t"                                                                \
    INTNIC_SMLADS("c", "s6", "s7", "s0", "s1") INTNIC_ADD("m", "s0", "s1")

/* 12 cycles, or 13. The third pixel's taps are in s6. */
#define INTNIC_LOAD_THREE(first, second, unpack)                                                \
    "ldr.w %[s6], [%[x], #%c[at2]]\n\t"                                                         \
    "ldr.w %[c], [%[x], #%c[at1]]\n\t" first second                                             \
    "ldr.w %[m], [%[x]], #4\n\t" unpack
#define INTNIC_THREE(first, second, unpack)                                                     \
    INTNIC_LOAD_THREE(first, second, unpack)                                                    \
    INTNIC_ADD("m", "s0", "s1") INTNIC_ADD("c", "s2", "s3") INTNIC_ADD("s6", "s4", "s5")
#define INTNIC_FIRST_THREE(first, second, unpack)                                               \
    INTNIC_LOAD_THREE(first, second, unpack)                                                    \
    INTNIC_SMLADS("c", "s2", "s3", "s0", "s1") INTNIC_SMLADS("s6", "s4", "s5", "s0", "s1")      \
    INTNIC_ADD("m", "s0", "s1")
/* Pairs of taps that are the first ones. */
#define INTNIC_FIRST_PAIRS 1

/* What comes before rounds, and behind all taps. */
#define INTNIC_BEGIN_FOUR(first, second, unpack)                                                \
    "mov.w %[s2], %[s0]\n\tmov.w %[s3], %[s1]\n\tmov.w %[s4], %[s0]\n\t"                        \
    "mov.w %[s5], %[s1]\n\tmov.w %[s6], %[s0]\n\tmov.w %[s7], %[s1]\n\t"
#define INTNIC_BEGIN_THREE INTNIC_BEGIN_FOUR
#define INTNIC_BEHIND(first, second, unpack) ""
/* A register that is free between rounds; and what is done where rows have been skipped. */
#define INTNIC_FREE_FOUR "m"
#define INTNIC_FREE_THREE "m"
#define INTNIC_SKIPPED ""
