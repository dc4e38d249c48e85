/*
 * Codes by the rule tflite where none below the zero point comes out: how it rounds negative sums
 * does not matter then. 256 times a sum give 128 times the doubled product's top word; that the rule
 * rounds there is part of the addend.
 */
#define INTNIC_DOUBLED(s) "lsl.w " s ", " s ", #1\n\t"
#define INTNIC_CODES_RELU INTNIC_POINTWISE_CODES(INTNIC_DOUBLED, "smmlar")

/* By multiplier, addend and shift; of 256 times a sum by constants for such. */
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
