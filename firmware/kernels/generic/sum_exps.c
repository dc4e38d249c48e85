/*
 * The sum over a row of e^(x - most) in Q12.19, where `exps[d]` is e^-d in Q0.31 for an input d codes
 * below the largest, `most`; inputs further below than the table's last entry count as that. It holds
 * for up to 4095 columns: every term is at most 2^19, and the largest of a row is exactly that.
 */
static inline uint32_t intnic_sum_exps(const int8_t *x, int32_t columns, int32_t most,
                                       const int32_t *exps, int32_t last)
{
    uint32_t sum = 0;

    for (; columns > 0; columns--) {
        sum += ((uint32_t)exps[intnic_min(most - *x++, last)] + 2048) >> 12;
    }
    return sum;
}

/* The largest of a row. */
static inline int32_t intnic_largest(const int8_t *x, int32_t columns)
{
    int32_t most = -128;

    for (; columns > 0; columns--) {
        most = intnic_max(*x++, most);
    }
    return most;
}
