/* Codes by the rule tflite of the sums `s` and `t` of channel i of four, doubled by a shift. */
#define INTNIC_CODES_OF(i, s, t, shift, by)                 \
    "ldr.w %[a], [%[w], #12 * " i "]\n\t"                   \
    "ldr.w %[b], [%[w], #12 * " i " + 4]\n\t"               \
    "ldr.w %[p], [%[w], #12 * " i " + 8]\n\t"               \
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

/* Of two pixels and four channels, as the other rules' codes; channels 1 and 3 have 256 times theirs. */
#define INTNIC_CODES_TFLITE                                 \
    "sub.w %[s1], %[s1], %[s0]\n\t"                         \
    "sub.w %[s5], %[s5], %[s4]\n\t"                         \
    "sub.w %[s3], %[s3], %[s2]\n\t"                         \
    "sub.w %[s7], %[s7], %[s6]\n\t"                         \
    INTNIC_CODES_OF("0", "s0", "s4", "lsl.w", "#1")         \
    INTNIC_CODES_OF("1", "s1", "s5", "asr.w", "#7")         \
    INTNIC_CODES_OF("2", "s2", "s6", "lsl.w", "#1")         \
    INTNIC_CODES_OF("3", "s3", "s7", "asr.w", "#7")         \
    "ldr.w %[p], %[end]\n\t"                                \
    "ldr.w %[q], %[left]\n\t"                               \
    "ldr.w %[x], %[right]\n\t"

/* By multiplier, addend and shift. */
static inline int32_t intnic_pointwise_code_TFLITE(int32_t sum, const int32_t *by)
{
    const struct intnic_scale scale = { 0, by[0], by[1], by[2] };

    return intnic_scale_down(sum, &scale);
}

static inline int32_t intnic_pointwise_code_256_TFLITE(int32_t sum, const int32_t *by)
{
    return intnic_pointwise_code_TFLITE(sum >> 8, by);
}
