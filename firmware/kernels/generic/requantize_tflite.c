/* Per output channel: accumulator start, and the factor multiplier * 2^(shift - 31). */
struct intnic_channel {
    int32_t bias;       /* zero point of the input folded in, unless the kernel says not */
    int32_t multiplier; /* 0 .. 2^31 - 1 */
    int32_t shift;      /* -31 .. 30, left if positive */
};

/* How a layer's results are stored. */
struct intnic_output {
    int32_t offset; /* zero point */
    int32_t low;    /* range of the activation */
    int32_t high;
};

/*
 * The factor times the accumulator, rounded as TensorFlow Lite's reference kernels round it, plus
 * the zero point, limited to low .. high. Which way it shifts depends on the layer, not on the data.
 */
static inline int8_t intnic_requantize(int32_t accumulator, const struct intnic_channel *channel,
                                       const struct intnic_output *output)
{
    int32_t left = intnic_max(channel->shift, 0);
    int32_t right = left - channel->shift;
    int32_t scaled = (int32_t)((uint32_t)accumulator << left);
    int32_t high = intnic_doubling_high(scaled, channel->multiplier);
    int32_t value = intnic_divide_by_power(high, right) + output->offset;

    return (int8_t)intnic_min(intnic_max(value, output->low), output->high);
}
