struct intnic_mul_tflite {
    int32_t zero, zero1;           /* zero points of x and x1 */
    struct intnic_channel product; /* from the product's scale to the output's */
    struct intnic_output output;
};

/*
 * y = (x - zero) * (x1 - zero1), requantized, for one row. The inputs advance by their steps, 0 if
 * one value stands for all. y may be x if its step is 1.
 */
static void intnic_mul_tflite(const struct intnic_mul_tflite *layer, const int8_t *x,
                              int32_t step, const int8_t *x1, int32_t step1, int32_t count,
                              int8_t *y)
{
    int32_t zero = layer->zero;
    int32_t zero1 = layer->zero1;
    /* Field by field: some compilers make a library call of a struct copy. */
    const struct intnic_channel product = { 0, layer->product.multiplier, layer->product.shift };
    const struct intnic_output output = { layer->output.offset, layer->output.low,
                                          layer->output.high };

    for (; count > 0; count--) {
        *y++ = intnic_requantize((*x - zero) * (*x1 - zero1), &product, &output);
        x += step;
        x1 += step1;
    }
}
