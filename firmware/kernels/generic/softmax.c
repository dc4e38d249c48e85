/*
 * e^x over the sum of e^x, row by row, as codes of scale 1/256 and zero point -128; `exps` as for
 * intnic_sum_exps. y may be x.
 */
static void intnic_softmax(const int8_t *x, int32_t rows, int32_t columns, const int32_t *exps,
                           int32_t last, int8_t *y)
{
    for (; rows > 0; rows--) {
        int32_t most = intnic_largest(x, columns);
        uint32_t sum = intnic_sum_exps(x, columns, most, exps, last);
        int32_t zeros = intnic_leading_zeros(sum);
        int32_t scale = intnic_reciprocal(sum << zeros);

        for (int32_t c = columns; c > 0; c--) {
            int32_t product = intnic_doubling_high(scale, exps[intnic_min(most - *x++, last)]);
            int32_t code = ((product >> 22 >> (12 - zeros)) + 1) >> 1;

            *y++ = (int8_t)(intnic_min(code, 255) - 128);
        }
    }
}
