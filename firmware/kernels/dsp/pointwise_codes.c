/* Codes of the sums `s` and `t` of channel i of four. */
#define INTNIC_CODES_SINGLE(i, s, t)                        \
    "ldr.w %[a], [%[w], #12 * " i "]\n\t"                   \
    "ldr.w %[b], [%[w], #12 * " i " + 4]\n\t"               \
    "ldr.w %[p], [%[w], #12 * " i " + 8]\n\t"               \
    "smmla %[" s "], %[" s "], %[a], %[b]\n\t"              \
    "smmla %[" t "], %[" t "], %[a], %[b]\n\t"              \
    "asr.w %[" s "], %[" s "], %[p]\n\t"                    \
    "asr.w %[" t "], %[" t "], %[p]\n\t"                    \
    "ssat %[" s "], #8, %[" s "]\n\t"                       \
    "ssat %[" t "], #8, %[" t "]\n\t"

/* The same of sums that come as 256 times what they are, by constants for such. */
#define INTNIC_CODES_256_SINGLE(i, s, t) INTNIC_CODES_SINGLE(i, s, t)

/* By multiplier, addend and shift. */
static inline int32_t intnic_pointwise_code_SINGLE(int32_t sum, const int32_t *by)
{
    const struct intnic_scale scale = { 0, by[0], by[1], by[2] };

    return intnic_scale_down(sum, &scale);
}

static inline int32_t intnic_pointwise_code_256_SINGLE(int32_t sum, const int32_t *by)
{
    return intnic_pointwise_code_SINGLE(sum, by);
}
