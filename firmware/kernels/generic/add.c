struct intnic_add {
    int32_t factor, factor1; /* a step of x and of x1, in 2^-shift steps of y */
    int32_t offset;          /* the three zero points, and the half that rounds */
    int32_t shift;           /* 0 .. 30 */
    int32_t low, high;       /* range of the activation */
};

/*
 * y = floor((factor * x + factor1 * x1 + offset) / 2^shift), limited to low .. high, for one row.
 * The inputs advance by their steps, 0 if one value stands for all. No partial sum leaves int32: the
 * generator chose the shift for that. y may be x if its step is 1.
 */
static void intnic_add(const struct intnic_add *layer, const int8_t *x, int32_t step,
                       const int8_t *x1, int32_t step1, int32_t count, int8_t *y)
{
    int32_t factor = layer->factor;
    int32_t factor1 = layer->factor1;
    int32_t offset = layer->offset;
    int32_t shift = layer->shift;
    int32_t low = layer->low;
    int32_t high = layer->high;

    for (; count > 0; count--) {
        int32_t sum = *x * factor + *x1 * factor1 + offset;

        *y++ = (int8_t)intnic_min(intnic_max(sum >> shift, low), high);
        x += step;
        x1 += step1;
    }
}
