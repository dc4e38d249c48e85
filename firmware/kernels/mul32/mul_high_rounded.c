/* The same, rounded to nearest, half towards +infinity. */
static inline int32_t intnic_mul_high_rounded(int32_t a, int32_t b)
{
    uint32_t a_low = (uint32_t)a & 0xffffu;
    uint32_t b_low = (uint32_t)b & 0xffffu;
    int32_t a_high = a >> 16;
    int32_t b_high = b >> 16;
    int32_t cross = a_high * (int32_t)b_low + (int32_t)((a_low * b_low) >> 16);
    int32_t cross_low = (cross & 0xffff) + (int32_t)a_low * b_high;

    return a_high * b_high + (cross >> 16) + ((cross_low + 0x8000) >> 16);
}
