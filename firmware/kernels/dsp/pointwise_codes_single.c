/* Codes by the rule single, for which sums are taken as they are. */
#define INTNIC_AS_IT_IS(s)
#define INTNIC_CODES_SINGLE INTNIC_POINTWISE_CODES(INTNIC_AS_IT_IS, "smmla")

/* By multiplier, addend and shift; of 256 times a sum by constants for such. */
static inline int32_t intnic_pointwise_code_SINGLE(int32_t sum, const int32_t *by)
{
    const struct intnic_scale scale = { 0, by[0], by[1], by[2] };

    return intnic_scale_down(sum, &scale);
}

static inline int32_t intnic_pointwise_code_256_SINGLE(int32_t sum, const int32_t *by)
{
    return intnic_pointwise_code_SINGLE(sum, by);
}
