/* Per output channel: accumulator start, and the factor multiplier * 2^-(33 + shift). */
struct intnic_channel {
    int32_t bias;       /* zero point of the input folded in, unless the kernel says not */
    int32_t multiplier; /* 0 .. 2^31 - 1 */
    int32_t shift;      /* 0 .. 29 */
};

/* How a layer's results are stored. */
struct intnic_output {
    int32_t offset; /* 2 * zero point + 1 */
    int32_t low;    /* range of the activation */
    int32_t high;
};

/*
 * floor(accumulator * multiplier / 2^(33 + shift) + 1/2) + zero point, limited to low .. high. One
 * rounding: the last bit shifted out is kept until the half and the zero point have been added.
 */
static inline int8_t intnic_requantize(int32_t accumulator, const struct intnic_channel *channel,
                                       const struct intnic_output *output)
{
    int32_t doubled = intnic_mul_high(accumulator, channel->multiplier) >> channel->shift;
    int32_t value = (doubled + output->offset) >> 1;

    return (int8_t)intnic_min(intnic_max(value, output->low), output->high);
}
