/* Words of a channel behind the weights: multiplier, addend, shift. */
#define INTNIC_CODE_WORDS_TFLITE 3

/* Codes of the sums `s` and `t` of one of four channels, doubled by a shift. */
#define INTNIC_CODES_OF(s, t, shift, by)                    \
    "ldr.w %[b], [%[w], #4]\n\t"                            \
    "ldr.w %[p], [%[w], #8]\n\t"                            \
    "ldr %[a], [%[w]], #12\n\t"                             \
    shift " %[" s "], %[" s "], " by "\n\t"                 \
    shift " %[" t "], %[" t "], " by "\n\t"                 \
    "add.w %[q], %[b], %[" s "], asr #31\n\t"               \
    "add.w %[b], %[b], %[" t "], asr #31\n\t"               \
    "smmlar %[" s "], %[" s "], %[a], %[q]\n\t"             \
    "smmlar %[" t "], %[" t "], %[a], %[b]\n\t"             \
    "asr.w %[" s "], %[" s "], %[p]\n\t"                    \
    "asr.w %[" t "], %[" t "], %[p]\n\t"                    \
    "ssat %[" s "], #8, %[" s "]\n\t"                       \
    "ssat %[" t "], #8, %[" t "]\n\t"

/* The same as INTNIC_CODES_SHIFT by the rule tflite, which rounds twice, and each channel's shift. */
#define INTNIC_CODES_TFLITE                                 \
    "sub.w %[s1], %[s1], %[s0]\n\t"                         \
    "sub.w %[s5], %[s5], %[s4]\n\t"                         \
    "sub.w %[s3], %[s3], %[s2]\n\t"                         \
    "sub.w %[s7], %[s7], %[s6]\n\t"                         \
    INTNIC_CODES_OF("s0", "s4", "lsl.w", "#1")              \
    INTNIC_CODES_OF("s1", "s5", "asr.w", "#7")              \
    INTNIC_CODES_OF("s2", "s6", "lsl.w", "#1")              \
    INTNIC_CODES_OF("s3", "s7", "asr.w", "#7")              \
    "ldr.w %[p], %[end]\n\t"                                \
    "ldr.w %[q], %[left]\n\t"                               \
    "ldr.w %[x], %[right]\n\t"

/* The code of 256 times a sum. */
static inline int32_t intnic_pointwise_code_TFLITE(int32_t sum, const int32_t *by, int32_t shift)
{
    const struct intnic_scale scale = { 0, by[0], by[1], by[2] };

    (void)shift;
    return intnic_scale_down(sum >> 8, &scale);
}
