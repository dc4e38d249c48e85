/*
 * Codes from 64 times a sum. In assembly for two sums, before saturation: %[m], %[addend] and
 * %[right] are the channel's, s and t are overwritten.
 */
#define INTNIC_SCALE_64(u, v, s, t)                                                             \
    "add.w %[" s "], %[addend], %[" u "], asr #31\n\t"                                          \
    "add.w %[" t "], %[addend], %[" v "], asr #31\n\t"                                          \
    "asr.w %[" u "], %[" u "], #5\n\t"                                                          \
    "asr.w %[" v "], %[" v "], #5\n\t"                                                          \
    "smmlar %[" u "], %[" u "], %[m], %[" s "]\n\t"                                             \
    "smmlar %[" v "], %[" v "], %[m], %[" t "]\n\t"                                             \
    "asr.w %[" u "], %[" u "], %[right]\n\t"                                                    \
    "asr.w %[" v "], %[" v "], %[right]\n\t"

static inline int32_t intnic_scale_down_64(int32_t sum, const struct intnic_scale *scale)
{
    return intnic_scale_down(sum >> 6, scale);
}
