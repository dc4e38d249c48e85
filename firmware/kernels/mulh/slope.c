/* Per output channel: accumulator start, and how its sum becomes a code. */
struct intnic_slope {
    int32_t bias;    /* zero point of the input folded in, less the sum at which codes are at the top */
    int32_t most;    /* from there down to the sum at which they are at the bottom; top byte: up */
    int32_t factor;  /* negative */
    uint32_t offset; /* lowest code included */
};

/* A copy which codes that are written cannot be part of; compilers make a library call of `=`. */
static inline void intnic_copy_slope(const struct intnic_slope *from, struct intnic_slope *to)
{
    to->bias = from->bias;
    to->most = from->most;
    to->factor = from->factor;
    to->offset = from->offset;
}

/*
 * The code of a sum: limited to -most .. 0, counted from its lower end, negated, moved up and
 * multiplied by a negative factor. The generator has found numbers for which this is the rounding rule.
 */
static inline int8_t intnic_code_slope(int32_t sum, const struct intnic_slope *slope,
                                       const struct intnic_range *range)
{
    int32_t most = slope->most & 0xffffff;
    int32_t below = -most - (sum & (sum >> 31));
    uint32_t u = (uint32_t)(below & (below >> 31)) << (slope->most >> 24);

    (void)range; /* is in the numbers */
    return (int8_t)(uint8_t)(((uint32_t)intnic_mul_high((int32_t)u, slope->factor) + slope->offset) >>
                             21);
}
