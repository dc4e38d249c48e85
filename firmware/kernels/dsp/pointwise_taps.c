/*
 * Two taps of two pixels and four channels: sixteen multiplications in fourteen instructions, four
 * loads in a row first, which take five cycles on a Cortex-M4. What is loaded or unpacked is used
 * two instructions later, as a Cortex-M33 wants it. The sums of the right pixel start from q0 to q3.
 *
 * The words of the weights are used as they lie, 256 * w1 + w0 in each half, and unpacked, w0.
 */
#define INTNIC_POINTWISE_START                              \
    "ldr.w %[s1], [%[w], #4]\n\t"                           \
    "ldr.w %[s2], [%[w], #8]\n\t"                           \
    "ldr.w %[s3], [%[w], #12]\n\t"                          \
    "ldr %[s0], [%[w]], #16\n\t"                            \
    "ldr.w %[x], %[band]\n\t"
#define INTNIC_POINTWISE_TAPS(q0, q1, q2, q3)               \
    "ldr.w %[b], [%[w], #4]\n\t"                            \
    "ldr.w %[q], [%[x], #4]\n\t"                            \
    "ldr %[a], [%[w]], #8\n\t"                              \
    "ldr %[p], [%[x]], #8\n\t"                              \
    "smlad %[s7], %[q], %[b], %[" q3 "]\n\t"                \
    "smlad %[s5], %[q], %[a], %[" q1 "]\n\t"                \
    "smlad %[s3], %[p], %[b], %[s3]\n\t"                    \
    "smlad %[s1], %[p], %[a], %[s1]\n\t"                    \
    "sxtb16 %[b], %[b]\n\t"                                 \
    "sxtb16 %[a], %[a]\n\t"                                 \
    "smlad %[s6], %[q], %[b], %[" q2 "]\n\t"                \
    "smlad %[s2], %[p], %[b], %[s2]\n\t"                    \
    "smlad %[s4], %[q], %[a], %[" q0 "]\n\t"                \
    "smlad %[s0], %[p], %[a], %[s0]\n\t"
