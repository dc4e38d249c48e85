/* Top word of a 64-bit product, rounded to nearest, half towards +infinity. */
static inline int32_t intnic_mul_high_rounded(int32_t a, int32_t b)
{
    uint32_t low = (uint32_t)a * (uint32_t)b;

    return intnic_mul_high(a, b) + (int32_t)(low >> 31);
}
