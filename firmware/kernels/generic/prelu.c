struct intnic_prelu {
    int32_t zero, slope_zero;
    int32_t prescale, slope_prescale; /* powers of two */
    struct intnic_channel positive;   /* from the input's scale to the output's */
    struct intnic_channel negative;   /* from the product's scale to the output's */
    struct intnic_output output;
};

/*
 * y = x where it is positive, else x * slope, requantized, for one row. The slope advances by its
 * step, 0 if one stands for all. Both are worked out and one is chosen by arithmetic: a branch would
 * tell the sign. y may be x.
 */
static void intnic_prelu(const struct intnic_prelu *layer, const int8_t *x, int32_t step,
                         const int8_t *slope, int32_t slope_step, int32_t count, int8_t *y)
{
    for (; count > 0; count--) {
        int32_t value = *x - layer->zero;
        int32_t product = value * (*slope - layer->slope_zero) * layer->slope_prescale;
        int32_t above = intnic_requantize(value * layer->prescale, &layer->positive,
                                          &layer->output);
        int32_t below = intnic_requantize(product, &layer->negative, &layer->output);

        *y++ = (int8_t)(above ^ ((above ^ below) & (value >> 31)));
        x += step;
        slope += slope_step;
    }
}
