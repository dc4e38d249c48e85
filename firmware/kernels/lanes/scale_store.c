/* A copy which codes that are written cannot be part of; compilers make a library call of `=`. */
static inline void intnic_copy_scale(const struct intnic_scale *from, struct intnic_scale *to)
{
    to->bias = from->bias;
    to->multiplier = from->multiplier;
    to->addend = from->addend;
    to->right = from->right;
}

/* The code of a sum. */
static inline int8_t intnic_code_scale(int32_t sum, const struct intnic_scale *scale,
                                   const struct intnic_range *range)
{
    int32_t value = intnic_scale_down(sum, scale);

    return (int8_t)intnic_min(intnic_max(value, range->low), range->high);
}
