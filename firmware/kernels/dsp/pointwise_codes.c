/* Words of a channel behind the weights: multiplier, addend. */
#define INTNIC_CODE_WORDS_SHIFT 2

/*
 * Codes of the sums of two pixels and four channels, by the words at `w`, which are passed; ends with
 * `q` and `x` on where the left pixel's and the right one's go and `p` on the end of all words. The
 * sums of channels 1 and 3 come as 256 times what they are, from those of 0 and 2, which are brought
 * to the same; one shift does for all. Loads stand in rows, which a Cortex-M4 does faster, and what
 * has two stages lies apart for a Cortex-M7 and M33.
 */
#define INTNIC_CODES_SHIFT                                  \
    "ldr.w %[b], [%[w], #4]\n\t"                            \
    "ldr.w %[p], [%[w], #8]\n\t"                            \
    "ldr.w %[q], [%[w], #12]\n\t"                           \
    "ldr.w %[x], [%[w], #16]\n\t"                           \
    "ldr %[a], [%[w]], #32\n\t"                             \
    "sub.w %[s1], %[s1], %[s0]\n\t"                         \
    "lsl.w %[s0], %[s0], #8\n\t"                            \
    "sub.w %[s5], %[s5], %[s4]\n\t"                         \
    "lsl.w %[s4], %[s4], #8\n\t"                            \
    "smmla %[s0], %[s0], %[a], %[b]\n\t"                    \
    "sub.w %[s3], %[s3], %[s2]\n\t"                         \
    "smmla %[s4], %[s4], %[a], %[b]\n\t"                    \
    "lsl.w %[s2], %[s2], #8\n\t"                            \
    "smmla %[s1], %[s1], %[p], %[q]\n\t"                    \
    "sub.w %[s7], %[s7], %[s6]\n\t"                         \
    "smmla %[s5], %[s5], %[p], %[q]\n\t"                    \
    "lsl.w %[s6], %[s6], #8\n\t"                            \
    "ldr.w %[a], [%[w], #-12]\n\t"                          \
    "ldr.w %[b], [%[w], #-8]\n\t"                           \
    "ldr.w %[p], [%[w], #-4]\n\t"                           \
    "ldr.w %[q], %[left]\n\t"                               \
    "ssat %[s0], #8, %[s0], asr #%c[shift]\n\t"             \
    "smmla %[s2], %[s2], %[x], %[a]\n\t"                    \
    "ssat %[s4], #8, %[s4], asr #%c[shift]\n\t"             \
    "smmla %[s6], %[s6], %[x], %[a]\n\t"                    \
    "ssat %[s1], #8, %[s1], asr #%c[shift]\n\t"             \
    "smmla %[s3], %[s3], %[b], %[p]\n\t"                    \
    "ssat %[s5], #8, %[s5], asr #%c[shift]\n\t"             \
    "smmla %[s7], %[s7], %[b], %[p]\n\t"                    \
    "ldr.w %[x], %[right]\n\t"                              \
    "ldr.w %[p], %[end]\n\t"                                \
    "ssat %[s2], #8, %[s2], asr #%c[shift]\n\t"             \
    "ssat %[s6], #8, %[s6], asr #%c[shift]\n\t"             \
    "ssat %[s3], #8, %[s3], asr #%c[shift]\n\t"             \
    "ssat %[s7], #8, %[s7], asr #%c[shift]\n\t"

/* The code of 256 times a sum. */
static inline int32_t intnic_pointwise_code_SHIFT(int32_t sum, const int32_t *by, int32_t shift)
{
    int32_t code = ((int32_t)((int64_t)sum * by[0] >> 32) + by[1]) >> shift;

    return intnic_max(intnic_min(code, 127), -128);
}
