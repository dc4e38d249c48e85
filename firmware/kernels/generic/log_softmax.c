struct intnic_log_softmax {
    const int32_t *exps; /* last + 1 entries */
    int32_t last;
    int32_t radius; /* 0 .. 255 */
    int32_t multiplier;
    int32_t shift;
};

/*
 * ln(z) in Q5.26 for a z from 1 up in Q12.19: z = r * 2^e with r around 0.84, of two such splits the
 * smaller r, so that a rational function of r serves for its logarithm.
 */
static inline int32_t intnic_log(uint32_t z)
{
    int32_t zeros = intnic_leading_zeros(z);
    int32_t scaled = (int32_t)(z << (zeros - 1));
    int32_t zeros_b =
        intnic_leading_zeros((uint32_t)intnic_doubling_high((int32_t)z, 1518500250)) - 1;
    int32_t ra = intnic_saturate((uint32_t)intnic_doubling_high(scaled, 1518500250) << 1);
    int32_t rb = intnic_saturate(z << zeros_b);
    /* Exponents in Q6.25. */
    int32_t ea = (12 - zeros) * (1 << 25) + (1 << 23);
    int32_t eb = (12 - zeros_b) * (1 << 25) - (1 << 23);
    int32_t r = intnic_min(ra, rb);
    int32_t e = intnic_max(ea, eb);
    /* p is the mean of r and 2^-1/4, q twice their difference. */
    int32_t p = (int32_t)(((uint32_t)r + 1805811301u + 1) >> 1);
    int32_t q = (r - 1805811301) * 2;
    int32_t q2 = intnic_doubling_high(q, q);
    int32_t num = intnic_doubling_high(q, r) +
                  intnic_doubling_high(intnic_doubling_high(q, q2), 117049297);
    int32_t factor = 1057819769 + q + intnic_doubling_high(127690142, q2);
    int32_t denominator =
        intnic_doubling_high(p, factor) + intnic_doubling_high(638450708, q);
    int32_t inverse = intnic_reciprocal((uint32_t)denominator + 0x80000000u);

    return (intnic_doubling_high(e, 1488522236) +
            intnic_doubling_high(intnic_divide_by_power(num, 6), inverse)) * 2;
}

/*
 * x less the logarithm of the sum of e^x, row by row, as codes of scale 1/16 and zero point 127;
 * `exps` as for intnic_sum_exps. An input d codes below the largest is -(d << shift) * multiplier /
 * 2^31 below it in Q5.26, which holds up to a d of `radius`; those below that give -128. y may be x.
 */
static void intnic_log_softmax(const int8_t *x, int32_t rows, int32_t columns,
                               const struct intnic_log_softmax *layer, int8_t *y)
{
    for (; rows > 0; rows--) {
        int32_t most = intnic_largest(x, columns);
        int32_t log = intnic_log(intnic_sum_exps(x, columns, most, layer->exps, layer->last));

        for (int32_t c = columns; c > 0; c--) {
            int32_t below = most - *x++;
            int32_t inside = intnic_min(below, layer->radius);
            int32_t real = intnic_doubling_high(-inside * (1 << layer->shift), layer->multiplier);
            /* No lower than -20, and none overflows: the logarithm is at most 8.4. */
            int32_t code = intnic_divide_by_power(intnic_max(real, -(20 << 26)) - log, 22) + 127;

            code -= ((layer->radius - below) >> 31) & 512;
            *y++ = (int8_t)intnic_min(intnic_max(code, -128), 127);
        }
    }
}
