#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

#ifndef INTNIC_LANE_RESTS
#define INTNIC_LANE_RESTS
/* What the rests add to the sums of four pixels. */
static INTNIC_NOINLINE void intnic_add_rests(const struct intnic_lane_rest *rest, int32_t count,
                                             const int32_t *lanes, int32_t *sum)
{
    int32_t sum0 = sum[0];
    int32_t sum1 = sum[1];
    int32_t sum2 = sum[2];
    int32_t sum3 = sum[3];

    for (; count > 0; count--) {
        int32_t weight = rest->weight;
        int32_t x01, x23;

        lanes += 2 * rest->skip;
        rest++;
        x01 = lanes[0] * weight + 0x8000;
        x23 = lanes[1] * weight + 0x8000;
        sum0 += (x01 & 0xffff) - 0x8000;
        sum1 += x01 >> 16;
        sum2 += (x23 & 0xffff) - 0x8000;
        sum3 += x23 >> 16;
    }
    sum[0] = sum0;
    sum[1] = sum1;
    sum[2] = sum2;
    sum[3] = sum3;
}
#endif

/* All channels of four pixels. */
static void INTNIC_PASTE(intnic_lane_pixels, INTNIC_CODES)(const struct intnic_conv2d_lanes *layer,
                                                           const int32_t *lanes, int8_t *y)
{
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale = layer->scales;
    const struct intnic_lane_channel *channel = layer->channels;
    const struct intnic_lane_rest *rest = layer->rests;
    const int8_t *weights = layer->weights;
    const uint16_t *runs = layer->runs;
    int32_t words = (layer->fours + 15) >> 4;

    for (int32_t left = layer->outputs; left > 0; left--) {
        int32_t sums[4];

        /* Lower halves are counted from -2^15. */
        sums[0] = scale->bias - channel->runs * 32768;
        sums[1] = scale->bias;
        sums[2] = sums[0];
        sums[3] = sums[1];
        intnic_lane_sums(lanes, weights, runs, words, sums);
        if (channel->rests > 0) {
            intnic_add_rests(rest, channel->rests, lanes, sums);
            rest += channel->rests;
        }
        INTNIC_PASTE(intnic_store, INTNIC_CODES)(sums, 4, scale, &layer->range, layer->y_step, y);
        channel++;
        scale++;
        y++;
        weights += 4 * layer->fours;
        runs += words;
    }
}

#undef INTNIC_PASTE
#undef INTNIC_PASTE_
