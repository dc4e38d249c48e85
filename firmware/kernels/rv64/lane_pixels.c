#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

/* All channels of six pixels, four at once; weights and biases are there for four at the end as well. */
static void INTNIC_PASTE(intnic_lane_pixels, INTNIC_CODES)(const struct intnic_conv2d_lanes *layer,
                                                           const int64_t *lanes, int8_t *y)
{
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale = layer->scales;
    const int8_t *weights = layer->weights;

    for (int32_t left = layer->outputs; left > 0; left -= 4) {
        int32_t sums[24];

        for (int32_t i = 0; i < 24; i += 6) {
            int32_t bias = scale[i / 6].bias;

            for (int32_t k = i; k < i + 6; k++) {
                sums[k] = bias;
            }
        }
        intnic_lane_sums(lanes, weights, layer->fours, layer->run, sums);
        for (int32_t c = 0; c < intnic_min(left, 4); c++) {
            INTNIC_PASTE(intnic_store, INTNIC_CODES)(&sums[6 * c], 6, scale, &layer->range,
                                                     layer->y_step, y);
            scale++;
            y++;
        }
        weights += 16 * layer->fours;
    }
}

#undef INTNIC_PASTE
#undef INTNIC_PASTE_
