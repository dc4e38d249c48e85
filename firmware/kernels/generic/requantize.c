/* Per output channel: accumulator start, and the factor multiplier * 2^-(32 + shift). */
struct intnic_channel {
    int32_t bias;       /* zero point of the input folded in */
    int32_t multiplier; /* 0 .. 2^31 - 1 */
    int32_t shift;      /* 1 .. 30 */
};

/* How a layer's results are stored: zero point, then the range its activation allows. */
struct intnic_output {
    int32_t zero;
    int32_t low;
    int32_t high;
};

/* floor(accumulator * multiplier / 2^(32 + shift) + 1/2) + zero, limited to low .. high. */
static inline int8_t intnic_requantize(int32_t accumulator, const struct intnic_channel *channel,
                                       const struct intnic_output *output)
{
    int32_t high = intnic_mul_high(accumulator, channel->multiplier);
    int32_t value = ((high + (1 << (channel->shift - 1))) >> channel->shift) + output->zero;

    return (int8_t)intnic_min(intnic_max(value, output->low), output->high);
}
