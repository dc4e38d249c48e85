/* Per output channel: accumulator start, and the factor multiplier * 2^-(33 + shift). */
struct intnic_channel {
    int32_t bias;       /* zero point of the input folded in */
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
 * floor(accumulator * multiplier / 2^(33 + shift) + 1/2) + zero point, saturated to int8. One
 * rounding: the last bit shifted out is kept until the half and the zero point have been added.
 */
static inline int32_t intnic_requantize_wide(int32_t accumulator, int32_t multiplier, int32_t shift,
                                             int32_t offset)
{
    int32_t value = (intnic_mul_high(accumulator, multiplier) >> shift) + offset;

    /* The compiler has an intrinsic for SSAT, but none that shifts on the way. */
    __asm__("ssat %0, #8, %1, asr #1" : "=r"(value) : "r"(value));
    return value;
}

/* The same, limited to the range of the activation. */
static inline int8_t intnic_requantize(int32_t accumulator, const struct intnic_channel *channel,
                                       const struct intnic_output *output)
{
    int32_t value = intnic_requantize_wide(accumulator, channel->multiplier, channel->shift,
                                           output->offset);

    /* Whether the activation limits more than int8 does depends on the layer, not on the data. */
    if (output->low > -128 || output->high < 127) {
        value = intnic_min(intnic_max(value, output->low), output->high);
    }
    return (int8_t)value;
}
