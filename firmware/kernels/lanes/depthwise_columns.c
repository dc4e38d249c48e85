#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

/*
 * Convolution with 3 x 3 windows, each output channel of one input channel. Words hold pixels of several
 * rows, as far apart as equal parts of the output, so that a multiplication by a weight serves as many
 * outputs. They are laid out channel by channel, column by column: a window moves on by three loads.
 */
#ifndef INTNIC_DEPTHWISE_COLUMNS
#define INTNIC_DEPTHWISE_COLUMNS
/* The codes of sums to which a bias is to be added, `pitch` bytes apart. */
static INTNIC_NOINLINE void intnic_store_lanes(const int32_t *sum, int32_t count, int32_t bias,
                                               const struct intnic_slope *slope, int32_t pitch,
                                               int8_t *y)
{
    /* What y cannot be part of. */
    struct intnic_slope same = { slope->bias, slope->most, slope->factor, slope->offset };

    for (; count >= 4; count -= 4) {
        *y = intnic_code_slope(sum[0] + bias, &same, 0);
        y += pitch;
        *y = intnic_code_slope(sum[1] + bias, &same, 0);
        y += pitch;
        *y = intnic_code_slope(sum[2] + bias, &same, 0);
        y += pitch;
        *y = intnic_code_slope(sum[3] + bias, &same, 0);
        y += pitch;
        sum += 4;
    }
    for (; count > 0; count--) {
        *y = intnic_code_slope(*sum++ + bias, &same, 0);
        y += pitch;
    }
}
#endif

static void INTNIC_PASTE(intnic_depthwise_columns, INTNIC_STRIDE)(
    const struct intnic_depthwise_columns *layer, const int8_t *x, int8_t *scratch, int8_t *y)
{
    intnic_column_word *words = intnic_column_words(scratch);
    int32_t *sums = (int32_t *)(words + layer->rows * layer->columns);
    const struct intnic_slope *scale = layer->scales;
    const int8_t *weights = layer->weights;
    int32_t width = layer->out_width;

    for (int32_t i = 0; i < layer->rows * layer->columns; i++) {
        words[i] = layer->input_zero * INTNIC_COLUMN_ONES;
    }
    for (int32_t c = 0; c < layer->outputs; c++) {
        int32_t runs = layer->runs[c];

        if (c == 0 || layer->x_channel != 0) {
            intnic_column_plane(layer, x, words);
        }
        for (int32_t line = 0; line < layer->part; line += layer->lines) {
            int32_t lines = intnic_min(layer->lines, layer->part - line);

            INTNIC_PASTE(intnic_lane_columns, INTNIC_STRIDE)(words + line * INTNIC_STRIDE,
                                                             layer->rows, weights, runs, lines,
                                                             width, sums);
            for (int32_t part = 0; part < INTNIC_COLUMN_PARTS; part++) {
                int32_t top = part * layer->part + line;
                int32_t count = intnic_min(lines, layer->out_height - top) * width;

                intnic_store_lanes(sums + part * INTNIC_COLUMN_SUMS, count,
                                   scale->bias - intnic_column_start(runs, part), scale,
                                   layer->y_pixel, y + c + top * width * layer->y_pixel);
            }
        }
        weights += 9;
        scale++;
        x += layer->x_channel;
    }
}
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
