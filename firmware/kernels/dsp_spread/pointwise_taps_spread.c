/*
 * Two taps of two pixels and four channels, sixteen multiplications, in eight cycles of a Cortex-M7
 * and fourteen of a Cortex-M33: every cycle of the M7 takes a multiplication and one of the other
 * instructions that stand between them. What is loaded is multiplied two cycles later at the
 * earliest, so `a`, `p` and `q` are loaded while the taps before are multiplied. Past the last taps
 * that reads the words behind them, unused.
 */
#define INTNIC_POINTWISE_START                              \
    "ldr.w %[x], %[band]\n\t"                               \
    "ldr.w %[a], [%[w], #16]\n\t"                           \
    "ldr.w %[s2], [%[w], #8]\n\t"                           \
    "ldr.w %[s3], [%[w], #12]\n\t"                          \
    "ldr.w %[q], [%[x], #4]\n\t"                            \
    "ldr.w %[p], [%[x]]\n\t"                                \
    "ldr.w %[s1], [%[w], #4]\n\t"                           \
    "ldr %[s0], [%[w]], #16\n\t"
#define INTNIC_POINTWISE_TAPS(q0, q1, q2, q3)               \
    "smlad %[s5], %[q], %[a], %[" q1 "]\n\t"                \
    "ldr.w %[b], [%[w], #4]\n\t"                            \
    "smlad %[s1], %[p], %[a], %[s1]\n\t"                    \
    "sxtb16 %[a], %[a]\n\t"                                 \
    "smlad %[s4], %[q], %[a], %[" q0 "]\n\t"                \
    "smlad %[s0], %[p], %[a], %[s0]\n\t"                    \
    "ldr %[a], [%[w], #8]!\n\t"                             \
    "smlad %[s7], %[q], %[b], %[" q3 "]\n\t"                \
    "smlad %[s3], %[p], %[b], %[s3]\n\t"                    \
    "sxtb16 %[b], %[b]\n\t"                                 \
    "smlad %[s6], %[q], %[b], %[" q2 "]\n\t"                \
    "ldr %[q], [%[x], #12]\n\t"                             \
    "smlad %[s2], %[p], %[b], %[s2]\n\t"                    \
    "ldr %[p], [%[x], #8]!\n\t"
