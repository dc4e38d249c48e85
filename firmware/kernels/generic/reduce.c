struct intnic_reduce {
    int32_t outer, outer_step; /* loops over the values that are summed */
    int32_t inner, inner_step;
    int32_t prescale;            /* power of two */
    struct intnic_channel total; /* bias: -(how many are summed) * zero point of the input */
    struct intnic_output output;
};

/*
 * A row of sums, `step` apart, each requantized after it is multiplied by `prescale`; a mean has the
 * division in its factor. The generator has proved that nothing leaves int32.
 */
static void intnic_reduce(const struct intnic_reduce *layer, const int8_t *x, int32_t step,
                          int32_t count, int8_t *y)
{
    for (; count > 0; count--) {
        const int8_t *row = x;
        int32_t sum = layer->total.bias;

        for (int32_t outer = layer->outer; outer > 0; outer--) {
            const int8_t *value = row;

            for (int32_t inner = layer->inner; inner > 0; inner--) {
                sum += *value;
                value += layer->inner_step;
            }
            row += layer->outer_step;
        }
        *y++ = intnic_requantize(sum * layer->prescale, &layer->total, &layer->output);
        x += step;
    }
}
