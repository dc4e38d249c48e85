/*
 * Codes of the sums `s` and `t` of channel i of four, where none below the zero point comes out: how
 * the rule tflite rounds negative sums does not matter then.
 */
#define INTNIC_CODES_RELU(i, s, t)                          \
    "ldr.w %[a], [%[w], #12 * " i "]\n\t"                   \
    "ldr.w %[b], [%[w], #12 * " i " + 4]\n\t"               \
    "ldr.w %[p], [%[w], #12 * " i " + 8]\n\t"               \
    "lsl.w %[" s "], %[" s "], #1\n\t"                      \
    "lsl.w %[" t "], %[" t "], #1\n\t"                      \
    "smmlar %[" s "], %[" s "], %[a], %[b]\n\t"             \
    "smmlar %[" t "], %[" t "], %[a], %[b]\n\t"             \
    "asr.w %[" s "], %[" s "], %[p]\n\t"                    \
    "asr.w %[" t "], %[" t "], %[p]\n\t"                    \
    "ssat %[" s "], #8, %[" s "]\n\t"                       \
    "ssat %[" t "], #8, %[" t "]\n\t"

/*
 * The same of sums that come as 256 times what they are, and so give 128 times the product's top
 * word; that the rule rounds there is part of the addend.
 */
#define INTNIC_CODES_256_RELU(i, s, t)                      \
    "ldr.w %[a], [%[w], #12 * " i "]\n\t"                   \
    "ldr.w %[b], [%[w], #12 * " i " + 4]\n\t"               \
    "ldr.w %[p], [%[w], #12 * " i " + 8]\n\t"               \
    "smmla %[" s "], %[" s "], %[a], %[b]\n\t"              \
    "smmla %[" t "], %[" t "], %[a], %[b]\n\t"              \
    "asr.w %[" s "], %[" s "], %[p]\n\t"                    \
    "asr.w %[" t "], %[" t "], %[p]\n\t"                    \
    "ssat %[" s "], #8, %[" s "]\n\t"                       \
    "ssat %[" t "], #8, %[" t "]\n\t"

/* By multiplier, addend and shift. */
static inline int32_t intnic_pointwise_code_RELU(int32_t sum, const int32_t *by)
{
    const struct intnic_scale scale = { 0, by[0], by[1], by[2] };

    return intnic_scale_down(sum, &scale);
}

static inline int32_t intnic_pointwise_code_256_RELU(int32_t sum, const int32_t *by)
{
    int32_t high = (int32_t)((int64_t)sum * by[0] >> 32);

    return intnic_max(intnic_min((high + by[1]) >> by[2], 127), -128);
}
