/*
 * Codes of the sums of two pixels and four channels, by what `w` points to; ends with `q` and `x` on
 * where the left pixel's and the right one's go and `p` on the end of all words. `doubled` is
 * for the sums of channels 0 and 2, and `product` their high multiply; the sums of 1 and 3 come as
 * 256 times what they are, from 0 and 2, and have constants for such. Loads stand in rows, which a
 * Cortex-M4 does faster, and what has two stages lies apart for a Cortex-M7 and M33.
 */
#define INTNIC_POINTWISE_CODES(doubled, product)            \
    "ldr.w %[a], [%[w]]\n\t"                                \
    "ldr.w %[b], [%[w], #4]\n\t"                            \
    "ldr.w %[p], [%[w], #8]\n\t"                            \
    "ldr.w %[q], [%[w], #12]\n\t"                           \
    "ldr.w %[x], [%[w], #16]\n\t"                           \
    "sub.w %[s1], %[s1], %[s0]\n\t"                         \
    "sub.w %[s5], %[s5], %[s4]\n\t"                         \
    doubled("%[s0]")                                        \
    doubled("%[s4]")                                        \
    product " %[s0], %[s0], %[a], %[b]\n\t"                 \
    "sub.w %[s3], %[s3], %[s2]\n\t"                         \
    product " %[s4], %[s4], %[a], %[b]\n\t"                 \
    "sub.w %[s7], %[s7], %[s6]\n\t"                         \
    "smmla %[s1], %[s1], %[q], %[x]\n\t"                    \
    "asr.w %[s0], %[s0], %[p]\n\t"                          \
    "smmla %[s5], %[s5], %[q], %[x]\n\t"                    \
    "asr.w %[s4], %[s4], %[p]\n\t"                          \
    "ldr.w %[a], [%[w], #20]\n\t"                           \
    "ldr.w %[b], [%[w], #24]\n\t"                           \
    "ldr.w %[q], [%[w], #28]\n\t"                           \
    "ldr.w %[x], [%[w], #32]\n\t"                           \
    "ldr.w %[p], [%[w], #36]\n\t"                           \
    doubled("%[s2]")                                        \
    doubled("%[s6]")                                        \
    product " %[s2], %[s2], %[b], %[q]\n\t"                 \
    "asr.w %[s1], %[s1], %[a]\n\t"                          \
    product " %[s6], %[s6], %[b], %[q]\n\t"                 \
    "asr.w %[s5], %[s5], %[a]\n\t"                          \
    "ssat %[s0], #8, %[s0]\n\t"                             \
    "asr.w %[s2], %[s2], %[x]\n\t"                          \
    "ssat %[s4], #8, %[s4]\n\t"                             \
    "asr.w %[s6], %[s6], %[x]\n\t"                          \
    "ldr.w %[a], [%[w], #40]\n\t"                           \
    "ldr.w %[b], [%[w], #44]\n\t"                           \
    "ldr.w %[q], %[left]\n\t"                               \
    "ldr.w %[x], %[right]\n\t"                              \
    "smmla %[s3], %[s3], %[p], %[a]\n\t"                    \
    "ssat %[s1], #8, %[s1]\n\t"                             \
    "smmla %[s7], %[s7], %[p], %[a]\n\t"                    \
    "ssat %[s5], #8, %[s5]\n\t"                             \
    "ldr.w %[p], %[end]\n\t"                                \
    "ssat %[s2], #8, %[s2]\n\t"                             \
    "asr.w %[s3], %[s3], %[b]\n\t"                          \
    "ssat %[s6], #8, %[s6]\n\t"                             \
    "asr.w %[s7], %[s7], %[b]\n\t"                          \
    "ssat %[s3], #8, %[s3]\n\t"                             \
    "ssat %[s7], #8, %[s7]\n\t"
