/* Per output channel: accumulator start, and how its sum becomes a code. */
struct intnic_steps {
    int32_t bias;   /* zero point of the input folded in, less the sum at which codes begin to rise */
    uint32_t most;  /* the sum at which they have risen to the top; in the top byte the shift */
    uint32_t factor;
    uint32_t offset; /* lowest code included */
};

/* A copy which codes that are written cannot be part of; compilers make a library call of `=`. */
static inline void intnic_copy_steps(const struct intnic_steps *from, struct intnic_steps *to)
{
    to->bias = from->bias;
    to->most = from->most;
    to->factor = from->factor;
    to->offset = from->offset;
}

/*
 * The code of a sum: limited to 0 .. most, scaled in two parts, so that no product leaves 32 bits. The
 * generator has found numbers for which this is the rounding rule.
 */
static inline int8_t intnic_code_steps(int32_t sum, const struct intnic_steps *steps,
                                       const struct intnic_range *range)
{
    uint32_t most = steps->most << 8 >> 8;
    int32_t above = (sum & ~(sum >> 31)) - (int32_t)most;
    uint32_t u = most + (uint32_t)(above & (above >> 31));
    uint32_t low = steps->factor & 0xfffu;
    uint32_t high = steps->factor >> 12;

    (void)range; /* is in the numbers */
    return (int8_t)(uint8_t)((((u * low) >> 12) + u * high + steps->offset) >> (steps->most >> 24));
}
