struct intnic_minimum {
    int32_t low, high; /* range of the activation */
};

/*
 * y = the smaller of x and x1, limited to low .. high, for one row. The inputs advance by their
 * steps, 0 if one value stands for all. y may be x if its step is 1.
 */
static void intnic_minimum(const struct intnic_minimum *layer, const int8_t *x, int32_t step,
                           const int8_t *x1, int32_t step1, int32_t count, int8_t *y)
{
    int32_t low = layer->low;
    int32_t high = layer->high;

    for (; count > 0; count--) {
        int32_t value = intnic_min(*x, *x1);

        *y++ = (int8_t)intnic_min(intnic_max(value, low), high);
        x += step;
        x1 += step1;
    }
}
