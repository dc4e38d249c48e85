struct intnic_mul {
    int32_t zero, zero1; /* zero points of x and x1 */
    int32_t factor;      /* a step of x times one of x1, in 2^-shift steps of y */
    int32_t offset;      /* the zero point of y, and the half that rounds */
    int32_t shift;       /* 0 .. 30 */
    int32_t low, high;   /* range of the activation */
};

/*
 * y = floor((factor * (x - zero) * (x1 - zero1) + offset) / 2^shift), limited to low .. high, for
 * one row. The inputs advance by their steps, 0 if one value stands for all. The sum does not leave
 * int32: the generator chose the shift for that. y may be x if its step is 1.
 */
static void intnic_mul(const struct intnic_mul *layer, const int8_t *x, int32_t step,
                       const int8_t *x1, int32_t step1, int32_t count, int8_t *y)
{
    int32_t zero = layer->zero;
    int32_t zero1 = layer->zero1;
    int32_t factor = layer->factor;
    int32_t offset = layer->offset;
    int32_t shift = layer->shift;
    int32_t low = layer->low;
    int32_t high = layer->high;

    for (; count > 0; count--) {
        int32_t product = (*x - zero) * (*x1 - zero1);
        int32_t value = (product * factor + offset) >> shift;

        *y++ = (int8_t)intnic_min(intnic_max(value, low), high);
        x += step;
        x1 += step1;
    }
}
