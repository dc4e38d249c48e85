/* Zero bits above the highest one, for values from 2^16 on, in a time that does not depend on it. */
static inline int32_t intnic_leading_zeros(uint32_t value)
{
    int32_t zeros = 0;

    for (int32_t step = 8; step > 0; step >>= 1) {
        int32_t more = (int32_t)((value >> (32 - step)) - 1) >> 31 & step;

        value <<= more;
        zeros += more;
    }
    return zeros;
}
