/* Division by a constant n: half = n / 2, multiplier / 2^(30 + shift) a little above 1 / n. */
struct intnic_divisor {
    int32_t count; /* n */
    int32_t half;
    int32_t multiplier;
    int32_t shift;
};

/*
 * sum / n, rounded to nearest, half away from zero, without a division: those take longer for some
 * values than for others. Exact for |sum| <= 128 n and n <= 2^21, as the generator proves.
 */
static inline int32_t intnic_divide(int32_t sum, const struct intnic_divisor *by)
{
    int32_t sign = sum >> 31;
    int32_t magnitude = (sum ^ sign) - sign + by->half;
    int32_t quotient = intnic_mul_high(magnitude * 4, by->multiplier) >> by->shift;

    return (quotient ^ sign) - sign;
}
