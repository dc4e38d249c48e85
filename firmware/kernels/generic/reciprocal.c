/* The value, or the largest int32 if that is less. */
static inline int32_t intnic_saturate(uint32_t value)
{
    uint32_t above = 0 - (value >> 31);

    return (int32_t)((value | above) & 0x7fffffffu);
}

/*
 * 1 / (1 + a) in Q0.31 for 2^31 * (1 + a) with a in [0, 1), by three steps of Newton's iteration for
 * 1 / d, d = (1 + a) / 2, in Q2.29, from 48/17 - 32/17 * d.
 */
static inline int32_t intnic_reciprocal(uint32_t value)
{
    int32_t half = (int32_t)(value >> 1);
    int32_t x = 1515870810 + intnic_doubling_high(half, -1010580540);

    for (int32_t step = 0; step < 3; step++) {
        int32_t error = (1 << 29) - intnic_doubling_high(half, x);

        x += intnic_doubling_high(x, error) * 4;
    }
    return intnic_saturate((uint32_t)x << 1);
}
