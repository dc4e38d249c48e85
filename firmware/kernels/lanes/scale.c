/* Per output channel: accumulator start, and how its sum becomes a code. */
struct intnic_scale {
    int32_t bias;       /* zero point of the input folded in */
    int32_t multiplier; /* 0 .. 2^31 - 1 */
    int32_t addend;     /* (2 * zero point + 1) * 2^(right - 1) */
    int32_t right;      /* 1 .. 30 */
};

/*
 * floor(sum * multiplier / 2^(32 + right) + 1/2) + zero point: the zero point and the half are added
 * to the product's top word, where nothing has been rounded yet. The generator has proved that this
 * does not leave int32.
 */
static inline int32_t intnic_scale_down(int32_t sum, const struct intnic_scale *scale)
{
    return (intnic_mul_high(sum, scale->multiplier) + scale->addend) >> scale->right;
}
