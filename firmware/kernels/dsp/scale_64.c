/*
 * Codes from 64 times a sum; a channel's addend is 64 times, and its shift 6 more than otherwise. In
 * assembly for two sums, before saturation: %[m], %[addend] and %[right] are the channel's, s and t
 * are overwritten.
 */
#define INTNIC_SCALE_64(u, v, s, t)                                                             \
    "smmla %[" u "], %[" u "], %[m], %[addend]\n\t"                                             \
    "smmla %[" v "], %[" v "], %[m], %[addend]\n\t"                                             \
    "asr.w %[" u "], %[" u "], %[right]\n\t"                                                    \
    "asr.w %[" v "], %[" v "], %[right]\n\t"

static inline int32_t intnic_scale_down_64(int32_t sum, const struct intnic_scale *scale)
{
    return intnic_scale_down(sum, scale);
}
