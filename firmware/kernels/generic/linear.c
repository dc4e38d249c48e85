/* One input times the weights of four channels; loads first, as cores pipeline them. */
#define INTNIC_TAP(k)                 \
    do {                              \
        int32_t value = x[k];         \
        int32_t w0 = w[4 * (k)];      \
        int32_t w1 = w[4 * (k) + 1];  \
        int32_t w2 = w[4 * (k) + 2];  \
        int32_t w3 = w[4 * (k) + 3];  \
                                      \
        sum0 += value * w0;           \
        sum1 += value * w1;           \
        sum2 += value * w2;           \
        sum3 += value * w3;           \
    } while (0)

/* sum[i] += sum of w[k][i] * x[k] over all taps k, for four channels i at once. */
static INTNIC_NOINLINE void intnic_dot4(const int8_t *x, const int8_t *w, int32_t taps,
                                        int32_t *sum)
{
    int32_t sum0 = sum[0];
    int32_t sum1 = sum[1];
    int32_t sum2 = sum[2];
    int32_t sum3 = sum[3];

    for (int32_t left = taps >> 2; left > 0; left--) {
        INTNIC_TAP(0);
        INTNIC_TAP(1);
        INTNIC_TAP(2);
        INTNIC_TAP(3);
        x += 4;
        w += 16;
    }
    for (int32_t left = taps & 3; left > 0; left--) {
        INTNIC_TAP(0);
        x += 1;
        w += 4;
    }
    sum[0] = sum0;
    sum[1] = sum1;
    sum[2] = sum2;
    sum[3] = sum3;
}

#undef INTNIC_TAP

/*
 * y[o] = requantize(bias[o] + sum of weights[o][k] * x[k]) for every output channel o.
 *
 * Weights: for each four channels, tap by tap the weights of the four; the channels left over
 * follow one after the other. No partial sum leaves int32: the generator has proved
 * |bias| + 128 * sum |weights| < 2^31 for every channel.
 */
static void intnic_linear(const int8_t *x, int32_t taps, const int8_t *weights,
                          const struct intnic_channel *channel, int32_t outputs,
                          const struct intnic_output *output, int8_t *y)
{
    /* Field by field: some compilers make a library call of a struct copy. */
    const struct intnic_output range = { output->offset, output->low, output->high };

    for (; outputs >= 4; outputs -= 4) {
        int32_t sum[4] = { channel[0].bias, channel[1].bias, channel[2].bias, channel[3].bias };

        intnic_dot4(x, weights, taps, sum);
        y[0] = intnic_requantize(sum[0], &channel[0], &range);
        y[1] = intnic_requantize(sum[1], &channel[1], &range);
        y[2] = intnic_requantize(sum[2], &channel[2], &range);
        y[3] = intnic_requantize(sum[3], &channel[3], &range);
        weights += 4 * taps;
        channel += 4;
        y += 4;
    }
    for (; outputs > 0; outputs--) {
        int32_t sum = channel->bias;

        for (int32_t k = 0; k < taps; k++) {
            sum += x[k] * *weights++;
        }
        *y++ = intnic_requantize(sum, channel++, &range);
    }
}
