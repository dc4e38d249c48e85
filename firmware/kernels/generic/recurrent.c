/*
 * One row of a matrix of weights: the start of its sum, and the factor that makes Q.12 of the sum,
 * multiplier * 2^(left - right - 33).
 */
struct intnic_row {
    int32_t bias; /* zero point of the input folded in */
    int32_t multiplier;
    int8_t left;
    int8_t right;
};

/* A layer that runs over steps and feeds its output back. */
struct intnic_recurrent {
    const int8_t *input_weights;
    const int8_t *state_weights;
    const struct intnic_row *input_rows;
    const struct intnic_row *state_rows;
    int32_t steps, features, hidden;
    int32_t reverse;   /* 1: from the last step to the first */
    int32_t sequences; /* 1: one output a step; 0: the last alone */
    struct intnic_squash activation;
    struct intnic_squash gate;
    struct intnic_row output; /* from Q0.15 to codes less their zero point */
    int32_t output_zero;
};

/* floor(sum * factor + 1/2); the generator has proved that nothing leaves int32. */
static inline int32_t intnic_rescale(int32_t sum, const struct intnic_row *row)
{
    int32_t scaled = (int32_t)((uint32_t)sum << row->left);

    return ((intnic_mul_high(scaled, row->multiplier) >> row->right) + 1) >> 1;
}

/*
 * to[o] = rescale(bias[o] + sum of weights[o][k] * x[k]) for every row o; weights as for
 * intnic_linear.
 */
static void intnic_input_rows(const int8_t *x, int32_t taps, const int8_t *weights,
                              const struct intnic_row *row, int32_t rows, int32_t *to)
{
    for (; rows >= 4; rows -= 4) {
        int32_t sum[4] = { row[0].bias, row[1].bias, row[2].bias, row[3].bias };

        intnic_dot4(x, weights, taps, sum);
        to[0] = intnic_rescale(sum[0], &row[0]);
        to[1] = intnic_rescale(sum[1], &row[1]);
        to[2] = intnic_rescale(sum[2], &row[2]);
        to[3] = intnic_rescale(sum[3], &row[3]);
        weights += 4 * taps;
        row += 4;
        to += 4;
    }
    for (; rows > 0; rows--) {
        int32_t sum = row->bias;

        for (int32_t k = 0; k < taps; k++) {
            sum += x[k] * *weights++;
        }
        *to++ = intnic_rescale(sum, row++);
    }
}

/* sum[i] += sum of w[k][i] * h[k] over all units k, for four rows i at once. */
static INTNIC_NOINLINE void intnic_state_dot4(const int16_t *h, const int8_t *w, int32_t units,
                                              int32_t *sum)
{
    int32_t sum0 = sum[0];
    int32_t sum1 = sum[1];
    int32_t sum2 = sum[2];
    int32_t sum3 = sum[3];

    for (; units > 0; units--) {
        int32_t value = *h++;
        int32_t w0 = w[0];
        int32_t w1 = w[1];
        int32_t w2 = w[2];
        int32_t w3 = w[3];

        sum0 += value * w0;
        sum1 += value * w1;
        sum2 += value * w2;
        sum3 += value * w3;
        w += 4;
    }
    sum[0] = sum0;
    sum[1] = sum1;
    sum[2] = sum2;
    sum[3] = sum3;
}

/*
 * to[o] = (to[o] & keep) + rescale(bias[o] + sum of weights[o][k] * h[k]) for every row o, of a state
 * h in Q0.15.
 */
static void intnic_state_rows(const int16_t *h, int32_t units, const int8_t *weights,
                              const struct intnic_row *row, int32_t rows, int32_t keep, int32_t *to)
{
    for (; rows >= 4; rows -= 4) {
        int32_t sum[4] = { row[0].bias, row[1].bias, row[2].bias, row[3].bias };

        intnic_state_dot4(h, weights, units, sum);
        to[0] = (to[0] & keep) + intnic_rescale(sum[0], &row[0]);
        to[1] = (to[1] & keep) + intnic_rescale(sum[1], &row[1]);
        to[2] = (to[2] & keep) + intnic_rescale(sum[2], &row[2]);
        to[3] = (to[3] & keep) + intnic_rescale(sum[3], &row[3]);
        weights += 4 * units;
        row += 4;
        to += 4;
    }
    for (; rows > 0; rows--) {
        int32_t sum = row->bias;

        for (int32_t k = 0; k < units; k++) {
            sum += h[k] * *weights++;
        }
        *to = (*to & keep) + intnic_rescale(sum, row++);
        to++;
    }
}

/* Where the layer's input and output of a step lie: the index of that step. */
static inline int32_t intnic_step(const struct intnic_recurrent *layer, int32_t step)
{
    return layer->reverse ? layer->steps - 1 - step : step;
}

/* a * b, both in Q0.15, rounded. */
static inline int32_t intnic_product(int32_t a, int32_t b)
{
    return (a * b + 16384) >> 15;
}

/* The state h, where the output shows it: after every step, or after the last. */
static void intnic_show(const struct intnic_recurrent *layer, int32_t step, const int16_t *h,
                        int8_t *y)
{
    if (layer->sequences) {
        y += intnic_step(layer, step) * layer->hidden;
    } else if (step < layer->steps - 1) {
        return;
    }
    for (int32_t u = layer->hidden; u > 0; u--) {
        int32_t code = intnic_rescale(*h++, &layer->output) + layer->output_zero;

        *y++ = (int8_t)intnic_min(intnic_max(code, -128), 127);
    }
}
