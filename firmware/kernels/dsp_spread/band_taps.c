/*
 * Two taps of four or three pixels and two channels of a band (conv2d_band.c has the registers), for
 * cores where a loaded word can be multiplied two cycles later, and a load may share its cycle: each
 * stands behind a multiplication, and those of the first taps come before all. `first` and `second`
 * load weights, `unpack` makes weights of what they load. All instructions are wide.
 */
#define INTNIC_ADD_SECOND(pixel, s) "smlad %[" s "], %[" pixel "], %[t], %[" s "]\n\t"
#define INTNIC_ADD_FIRST(pixel, s) "smlad %[" s "], %[" pixel "], %[r], %[" s "]\n\t"

/* 14 instructions, of which an M7 begins six beside others. */
#define INTNIC_FOUR(first, second, unpack)                                                      \
    "ldr.w %[c], [%[x], #%c[at1]]\n\t" unpack                                                   \
    INTNIC_ADD_SECOND("m", "s1") INTNIC_ADD_FIRST("m", "s0")                                    \
    "ldr.w %[m], [%[x], #%c[at2]]\n\t"                                                          \
    INTNIC_ADD_SECOND("c", "s3") INTNIC_ADD_FIRST("c", "s2")                                    \
    "ldr.w %[c], [%[x], #%c[at3]]\n\t"                                                          \
    INTNIC_ADD_SECOND("m", "s5") INTNIC_ADD_FIRST("m", "s4")                                    \
    "ldr.w %[m], [%[x], #4]!\n\t"                                                               \
    INTNIC_ADD_SECOND("c", "s7") first INTNIC_ADD_FIRST("c", "s6") second
/* The third pixel's taps are in s6. */
#define INTNIC_THREE(first, second, unpack)                                                     \
    unpack                                                                                      \
    INTNIC_ADD_SECOND("m", "s1") INTNIC_ADD_FIRST("m", "s0")                                    \
    "ldr.w %[m], [%[x], #4]!\n\t"                                                               \
    INTNIC_ADD_SECOND("c", "s3") INTNIC_ADD_FIRST("c", "s2")                                    \
    "ldr.w %[c], [%[x], #%c[at1]]\n\t"                                                          \
    INTNIC_ADD_SECOND("s6", "s5") first INTNIC_ADD_FIRST("s6", "s4")                            \
    "ldr.w %[s6], [%[x], #%c[at2]]\n\t" second

/* What comes before all taps: sums begin with the biases, and the first loads. */
#define INTNIC_FIRST_FOUR(first, second, unpack)                                                \
    "ldr.w %[m], [%[x]]\n\t" first                                                              \
    "mov.w %[s2], %[s0]\n\tmov.w %[s3], %[s1]\n\tmov.w %[s4], %[s0]\n\t" second                 \
    "mov.w %[s5], %[s1]\n\tmov.w %[s6], %[s0]\n\tmov.w %[s7], %[s1]\n\t"
#define INTNIC_FIRST_THREE(first, second, unpack)                                               \
    "ldr.w %[m], [%[x]]\n\t"                                                                    \
    "ldr.w %[c], [%[x], #%c[at1]]\n\t" first                                                    \
    "mov.w %[s2], %[s0]\n\tmov.w %[s3], %[s1]\n\t"                                              \
    "ldr.w %[s6], [%[x], #%c[at2]]\n\t" second                                                  \
    "mov.w %[s4], %[s0]\n\tmov.w %[s5], %[s1]\n\t"
#define INTNIC_FIRST_PAIRS 0
#define INTNIC_BEGIN_FOUR INTNIC_FIRST_FOUR
#define INTNIC_BEGIN_THREE INTNIC_FIRST_THREE

/* Behind all taps the weights that have been loaded too many are given back. */
#define INTNIC_BEHIND(first, second, unpack) "sub.w %[w], %[w], #%c[pair]\n\t"
/* A register that is free between rounds; and what is done where rows have been skipped. */
#define INTNIC_FREE_FOUR "c"
#define INTNIC_FREE_THREE "s7"
#define INTNIC_SKIPPED "ldr.w %[m], [%[x]]\n\t"
