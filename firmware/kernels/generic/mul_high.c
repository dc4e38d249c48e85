/* Top word of a 64-bit product, rounded down. */
static inline int32_t intnic_mul_high(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b) >> 32);
}
