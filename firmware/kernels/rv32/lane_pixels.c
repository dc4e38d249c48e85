#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

/* The codes of four pixels. */
static inline void INTNIC_PASTE(intnic_lane_codes, INTNIC_CODES)(
    const struct intnic_lane_sums *sums, const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale,
    const struct intnic_range *range, int32_t pitch, int8_t *y)
{
    int32_t sum[4];

    sum[0] = (int32_t)(sums->both0 - ((uint32_t)sums->high0 << 16));
    sum[1] = sums->high0;
    sum[2] = (int32_t)(sums->both1 - ((uint32_t)sums->high1 << 16));
    sum[3] = sums->high1;
    INTNIC_PASTE(intnic_store, INTNIC_CODES)(sum, 4, scale, range, pitch, y);
}

/* All channels of four pixels, two at once; weights and runs are there for two at the end as well. */
static void INTNIC_PASTE(intnic_lane_pixels, INTNIC_CODES)(const struct intnic_conv2d_lanes *layer,
                                                           const int32_t *lanes, int8_t *y)
{
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale = layer->scales;
    const struct intnic_lane_channel *channel = layer->channels;
    const struct intnic_lane_rest *rest = layer->rests;
    const int8_t *weights = layer->weights;
    const uint16_t *runs = layer->runs;
    int32_t words = (layer->fours + 15) >> 4;

    for (int32_t left = layer->outputs; left > 0; left -= 2) {
        struct intnic_lane_sums first, second;

        intnic_start_lanes(&first, scale[0].bias, channel[0].runs + channel[0].rests);
        intnic_start_lanes(&second, scale[1].bias, channel[1].runs + channel[1].rests);
        intnic_add_rests(rest, channel[0].rests, lanes, &first);
        rest += channel[0].rests;
        intnic_add_rests(rest, channel[1].rests, lanes, &second);
        rest += channel[1].rests;
        intnic_add_lanes(lanes, weights, runs, words, &first, &second);
        INTNIC_PASTE(intnic_lane_codes, INTNIC_CODES)(&first, &scale[0], &layer->range,
                                                      layer->y_step, y);
        if (left > 1) {
            INTNIC_PASTE(intnic_lane_codes, INTNIC_CODES)(&second, &scale[1], &layer->range,
                                                          layer->y_step, y + 1);
        }
        channel += 2;
        scale += 2;
        y += 2;
        weights += 8 * layer->fours;
        runs += words;
    }
}

#undef INTNIC_PASTE
#undef INTNIC_PASTE_
