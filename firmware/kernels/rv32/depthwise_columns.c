#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

/*
 * Convolution with 3 x 3 windows, each output channel of one input channel. Words hold the pixels of two
 * rows that are half the output apart, so that a multiplication by a weight serves two outputs. They
 * are laid out channel by channel, column by column: a window moves on by three loads.
 */
#ifndef INTNIC_DEPTHWISE_COLUMNS
#define INTNIC_DEPTHWISE_COLUMNS
struct intnic_depthwise_columns {
    const int8_t *weights; /* nine a channel */
    const uint8_t *runs;   /* how many runs a window of the channel has: 3, or 5 if three taps are too much */
    const struct intnic_slope *scales;
    int32_t height, width, outputs;
    int32_t x_channel;     /* 1, or 0 where all outputs see the same channel */
    int32_t x_row, x_column, y_pixel; /* bytes from one to the next */
    int32_t pad_top, pad_left;
    int32_t out_height, out_width;
    int32_t half;          /* output rows of lower halves */
    int32_t apart;         /* image rows from a lower half to its upper one */
    int32_t rows, columns; /* of words */
    int32_t lines;         /* output rows whose sums are made at once */
    int32_t sums;          /* words from sums of lower halves to those of upper ones */
    int32_t input_zero;
};

/* One channel in words. Columns around the image are there already; rows are read from one byte. */
static INTNIC_NOINLINE void intnic_lane_plane(const struct intnic_depthwise_columns *layer,
                                              const int8_t *x, int32_t *to)
{
    int8_t zero = (int8_t)layer->input_zero;
    int32_t rows = layer->rows;
    int32_t before = layer->pad_left;
    int32_t inside = intnic_min(layer->width, layer->columns - before);

    to += before * rows;
    for (int32_t row = 0; row < rows; row++) {
        int32_t iy = row - layer->pad_top;
        int32_t iy1 = iy + layer->apart;
        int32_t step = 0;
        int32_t step1 = 0;
        const int8_t *low = &zero;
        const int8_t *high = &zero;
        int32_t *word = to++;

        if (iy >= 0 && iy < layer->height) {
            low = x + iy * layer->x_row;
            step = layer->x_column;
        }
        if (iy1 >= 0 && iy1 < layer->height) {
            high = x + iy1 * layer->x_row;
            step1 = layer->x_column;
        }
        for (int32_t i = inside; i > 0; i--) {
            *word = *low + *high * 65536;
            low += step;
            high += step1;
            word += rows;
        }
    }
}

/* The codes of sums to which a bias is to be added, `pitch` bytes apart. */
static INTNIC_NOINLINE int8_t *intnic_store_lanes(const int32_t *sum, int32_t count, int32_t bias,
                                                  const struct intnic_slope *slope, int32_t pitch,
                                                  int8_t *y)
{
    /* What y cannot be part of. */
    struct intnic_slope same = { slope->bias, slope->most, slope->factor, slope->offset };

    for (; count >= 2; count -= 2) {
        *y = intnic_code_slope(sum[0] + bias, &same, 0);
        y += pitch;
        *y = intnic_code_slope(sum[1] + bias, &same, 0);
        y += pitch;
        sum += 2;
    }
    if (count > 0) {
        *y = intnic_code_slope(*sum + bias, &same, 0);
        y += pitch;
    }
    return y;
}
#endif

static void INTNIC_PASTE(intnic_depthwise_columns, INTNIC_STRIDE)(
    const struct intnic_depthwise_columns *layer, const int8_t *x, int32_t *words, int8_t *y)
{
    const struct intnic_slope *scale = layer->scales;
    const int8_t *weights = layer->weights;
    int32_t *sums = words + layer->rows * layer->columns;

    for (int32_t i = 0; i < layer->rows * layer->columns; i++) {
        words[i] = layer->input_zero * 65537;
    }
    for (int32_t c = 0; c < layer->outputs; c++) {
        int32_t runs = layer->runs[c];
        int8_t *low = y + c;
        int8_t *high = low + layer->half * layer->out_width * layer->y_pixel;

        if (c == 0 || layer->x_channel != 0) {
            intnic_lane_plane(layer, x, words);
        }
        for (int32_t line = 0; line < layer->half; line += layer->lines) {
            int32_t lines = intnic_min(layer->lines, layer->half - line);
            int32_t below = intnic_min(lines, layer->out_height - layer->half - line);

            INTNIC_PASTE(intnic_lane_columns, INTNIC_STRIDE)(
                words + line * INTNIC_STRIDE, layer->rows, weights, runs == 3, lines,
                layer->out_width, sums);
            /* Lower halves are counted from -2^15. */
            low = intnic_store_lanes(sums, lines * layer->out_width, scale->bias - runs * 0x8000,
                                     scale, layer->y_pixel, low);
            high = intnic_store_lanes(sums + layer->sums, below * layer->out_width, scale->bias,
                                      scale, layer->y_pixel, high);
        }
        weights += 9;
        scale++;
        x += layer->x_channel;
    }
}
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
