/* The code of a sum. */
static inline int8_t intnic_code_scale(int32_t sum, const struct intnic_scale *scale,
                                   const struct intnic_range *range)
{
    int32_t value = intnic_scale_down(sum, scale);

    return (int8_t)intnic_min(intnic_max(value, range->low), range->high);
}
