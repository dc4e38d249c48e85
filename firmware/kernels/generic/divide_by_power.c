/* value / 2^exponent, rounded to nearest, half away from zero; exponent 0 .. 31. */
static inline int32_t intnic_divide_by_power(int32_t value, int32_t exponent)
{
    uint32_t mask = ((uint32_t)1 << exponent) - 1;
    uint32_t threshold = (mask >> 1) + ((uint32_t)value >> 31);
    uint32_t rest = (uint32_t)value & mask;

    /* The difference's sign is the comparison: both are below 2^31. */
    return (value >> exponent) + (int32_t)((threshold - rest) >> 31);
}
