/*
 * 1 / (1 + a) in Q0.31 for the sum 2^31 * (1 + a) with a in [0, 1), by three steps of Newton's
 * iteration for 1 / d, d = (1 + a) / 2, in Q2.29, from 48/17 - 32/17 * d.
 */
static inline int32_t intnic_reciprocal(uint32_t sum)
{
    int32_t half = (int32_t)(sum >> 1);
    int32_t x = 1515870810 + intnic_doubling_high(half, -1010580540);
    int32_t above;

    for (int32_t step = 0; step < 3; step++) {
        int32_t error = (1 << 29) - intnic_doubling_high(half, x);

        x += intnic_doubling_high(x, error) * 4;
    }
    /* Twice x, or the largest int32 if that is more. */
    above = (0x3fffffff - x) >> 31;
    return (int32_t)(((uint32_t)x << 1 & ~(uint32_t)above) | ((uint32_t)above & 0x7fffffffu));
}

/*
 * e^x over the sum of e^x, row by row, as codes of scale 1/256 and zero point -128. `exps[d]` is
 * e^-d in Q0.31 for an input d codes below the largest of its row; inputs further below than the
 * table's last entry count as that. The sum is Q12.19, which holds for up to 4095 columns: every
 * term is at most 2^19, and the largest of a row is exactly that. y may be x.
 */
static void intnic_softmax(const int8_t *x, int32_t rows, int32_t columns, const int32_t *exps,
                           int32_t last, int8_t *y)
{
    for (; rows > 0; rows--) {
        int32_t most = -128;
        uint32_t sum = 0;
        int32_t over = 12; /* bits of the sum above 1 */
        int32_t scale;

        for (int32_t c = 0; c < columns; c++) {
            most = intnic_max(x[c], most);
        }
        for (int32_t c = 0; c < columns; c++) {
            sum += ((uint32_t)exps[intnic_min(most - x[c], last)] + 2048) >> 12;
        }
        /* Shift the sum's top bit to bit 31, in steps whose time does not depend on the sum. */
        for (int32_t step = 8; step > 0; step >>= 1) {
            int32_t zeros = (int32_t)((sum >> (32 - step)) - 1) >> 31 & step;

            sum <<= zeros;
            over -= zeros;
        }
        scale = intnic_reciprocal(sum);
        for (int32_t c = 0; c < columns; c++) {
            int32_t product = intnic_doubling_high(scale, exps[intnic_min(most - x[c], last)]);
            int32_t code = ((product >> 22 >> over) + 1) >> 1;

            y[c] = (int8_t)(intnic_min(code, 255) - 128);
        }
        x += columns;
        y += columns;
    }
}
