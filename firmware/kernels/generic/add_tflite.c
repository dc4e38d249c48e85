struct intnic_add_tflite {
    struct {
        int32_t zero;
        int32_t multiplier; /* 2^30 .. 2^31 - 1 */
        int32_t shift;      /* 0 .. 31, right */
    } input[2];
    int32_t sign;              /* 1 to add, -1 to subtract */
    struct intnic_channel sum; /* from the inputs' common scale to the output's */
    struct intnic_output output;
};

/*
 * y = x + sign * x1 as TensorFlow Lite's reference kernels compute it, for one row: both inputs are
 * shifted left by 20 places and scaled to a common scale, each with its own rounding. The inputs
 * advance by their steps, 0 if one value stands for all. y may be x if its step is 1.
 */
static void intnic_add_tflite(const struct intnic_add_tflite *layer, const int8_t *x,
                              int32_t step, const int8_t *x1, int32_t step1, int32_t count,
                              int8_t *y)
{
    int32_t zero = layer->input[0].zero;
    int32_t zero1 = layer->input[1].zero;
    int32_t multiplier = layer->input[0].multiplier;
    int32_t multiplier1 = layer->input[1].multiplier;
    int32_t shift = layer->input[0].shift;
    int32_t shift1 = layer->input[1].shift;
    int32_t sign = layer->sign;
    /* Field by field: some compilers make a library call of a struct copy. */
    const struct intnic_channel sum = { 0, layer->sum.multiplier, layer->sum.shift };
    const struct intnic_output output = { layer->output.offset, layer->output.low,
                                          layer->output.high };

    for (; count > 0; count--) {
        int32_t scaled = intnic_doubling_high((*x - zero) * (1 << 20), multiplier);
        int32_t scaled1 = intnic_doubling_high((*x1 - zero1) * (1 << 20), multiplier1);

        scaled = intnic_divide_by_power(scaled, shift);
        scaled1 = intnic_divide_by_power(scaled1, shift1);
        *y++ = intnic_requantize(scaled + sign * scaled1, &sum, &output);
        x += step;
        x1 += step1;
    }
}
