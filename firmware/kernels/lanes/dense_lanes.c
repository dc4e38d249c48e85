#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

/*
 * Dense layer with two products in one multiplication: a word of weights holds those of two outputs
 * for two inputs, each with 128 added,
 *
 *     w00 + 2^8 * w01 + 2^16 * w10 + 2^24 * w11,
 *
 * so that a mask leaves the weights of one input in either half. What was added is taken away at the
 * end of each run of taps. Runs are so short that no sum of 16 bits leaves its half of the word,
 * whatever the input. Weights that alone would make a run of four too long are left to the end.
 */
#ifndef INTNIC_DENSE_LANES
#define INTNIC_DENSE_LANES
struct intnic_dense_lanes {
    const uint32_t *weights; /* for INTNIC_LANE_ROWS outputs, two inputs at a time, filled to fours */
    const uint16_t *runs;    /* for every 16 times four inputs: a bit where a run ends, top bit first */
    const struct intnic_lane_channel *channels;
    const struct intnic_lane_rest *rests;
    const void *scales;
    int32_t inputs, outputs;
    struct intnic_range range;
};
#endif

static void INTNIC_PASTE(intnic_dense_lanes, INTNIC_CODES)(const struct intnic_dense_lanes *layer,
                                                           const int8_t *x, int8_t *scratch,
                                                           int8_t *y)
{
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale = layer->scales;
    const struct intnic_lane_channel *channel = layer->channels;
    const struct intnic_lane_rest *rest = layer->rests;
    const uint32_t *weights = layer->weights;
    const uint16_t *runs = layer->runs;
    int32_t fours = (layer->inputs + 3) >> 2;

    /* Inputs are filled up to fours where there are others behind them. */
    if (scratch != 0) {
        int8_t *end = intnic_copy(x, layer->inputs, scratch);

        for (int32_t i = layer->inputs; (i & 3) != 0; i++) {
            *end++ = 0;
        }
        x = scratch;
    }
    for (int32_t left = layer->outputs; left > 0; left -= INTNIC_LANE_ROWS) {
        int32_t sums[INTNIC_LANE_ROWS];

        for (int32_t i = 0; i < INTNIC_LANE_ROWS; i += 2) {
            /* Lower halves are counted from -2^15. */
            sums[i] = scale[i].bias - channel[i].runs * 32768;
            sums[i + 1] = scale[i + 1].bias;
        }
        intnic_lane_dots(x, weights, runs, (fours + 15) >> 4, sums);
        for (int32_t i = 0; i < intnic_min(left, INTNIC_LANE_ROWS); i++) {
            const int8_t *tap = x;
            int32_t sum = sums[i];

            for (int32_t k = channel->rests; k > 0; k--) {
                tap += rest->skip;
                sum += *tap * rest->weight;
                rest++;
            }
            sums[i] = sum;
            INTNIC_PASTE(intnic_store, INTNIC_CODES)(&sums[i], 1, scale, &layer->range, 0, y);
            channel++;
            scale++;
            y++;
        }
        weights += INTNIC_LANE_ROWS * fours;
        runs += (fours + 15) >> 4;
    }
}
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
