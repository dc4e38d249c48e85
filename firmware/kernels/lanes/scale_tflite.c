/* Per output channel: accumulator start, and how its sum becomes a code. */
struct intnic_scale {
    int32_t bias;       /* zero point of the input folded in */
    int32_t multiplier; /* 0 .. 2^31 - 1 */
    int32_t addend;     /* zero point * 2^right + 2^(right - 1) */
    int32_t right;      /* 1 .. 31 */
};

/*
 * sum * multiplier / 2^31 rounded to nearest, then divided by 2^right with halves away from zero,
 * plus the zero point. For the second rounding a negative sum needs its half to be one smaller. The
 * generator has proved that nothing leaves int32.
 */
static inline int32_t intnic_scale_down(int32_t sum, const struct intnic_scale *scale)
{
    int32_t high = intnic_mul_high_rounded(sum * 2, scale->multiplier);

    return (high + scale->addend + (sum >> 31)) >> scale->right;
}
