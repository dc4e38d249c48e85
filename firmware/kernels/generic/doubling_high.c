/* a * b / 2^31, rounded to nearest, half towards +infinity; not both may be -2^31. */
static inline int32_t intnic_doubling_high(int32_t a, int32_t b)
{
    uint32_t low = (uint32_t)a * (uint32_t)b;

    return (int32_t)(((uint32_t)intnic_mul_high(a, b) << 1) + (((low >> 30) + 1) >> 1));
}
