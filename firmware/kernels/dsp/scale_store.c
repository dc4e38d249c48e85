/* Range of a layer's activation; saturation has done it where the range is all of int8. */
struct intnic_range {
    int32_t low;
    int32_t high;
};

/* The code of a sum. Which way it goes depends on the layer, not on the data. */
static inline int8_t intnic_scaled(int32_t sum, const struct intnic_scale *scale,
                                   const struct intnic_range *range)
{
    int32_t value = intnic_scale_down(sum, scale);

    if (range->low > -128 || range->high < 127) {
        value = intnic_min(intnic_max(value, range->low), range->high);
    }
    return (int8_t)value;
}
