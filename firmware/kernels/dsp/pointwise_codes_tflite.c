/* Codes of the sums `s` and `t` of channel i of four, doubled by an instruction. */
#define INTNIC_CODES_OF_DOUBLED(i, s, t, doubled)           \
    "ldr.w %[a], [%[w], #12 * " i "]\n\t"                   \
    "ldr.w %[b], [%[w], #12 * " i " + 4]\n\t"               \
    "ldr.w %[p], [%[w], #12 * " i " + 8]\n\t"               \
    doubled("%[" s "]")                                     \
    doubled("%[" t "]")                                     \
    "add.w %[q], %[b], %[" s "], asr #31\n\t"               \
    "add.w %[b], %[b], %[" t "], asr #31\n\t"               \
    "smmlar %[" s "], %[" s "], %[a], %[q]\n\t"             \
    "smmlar %[" t "], %[" t "], %[a], %[b]\n\t"             \
    "asr.w %[" s "], %[" s "], %[p]\n\t"                    \
    "asr.w %[" t "], %[" t "], %[p]\n\t"                    \
    "ssat %[" s "], #8, %[" s "]\n\t"                       \
    "ssat %[" t "], #8, %[" t "]\n\t"
#define INTNIC_DOUBLE(s) "lsl.w " s ", " s ", #1\n\t"
#define INTNIC_DOUBLE_256(s) "asr.w " s ", " s ", #7\n\t"
#define INTNIC_CODES_TFLITE(i, s, t) INTNIC_CODES_OF_DOUBLED(i, s, t, INTNIC_DOUBLE)

/* The same of sums that come as 256 times what they are. */
#define INTNIC_CODES_256_TFLITE(i, s, t) INTNIC_CODES_OF_DOUBLED(i, s, t, INTNIC_DOUBLE_256)

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
