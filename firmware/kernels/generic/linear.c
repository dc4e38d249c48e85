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
