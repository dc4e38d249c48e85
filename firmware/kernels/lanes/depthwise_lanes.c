#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

/*
 * Convolution with 3 x 3 windows, each output channel of one input channel. Words hold the pixels of two
 * rows that are half the output apart, so that a multiplication by a weight serves two outputs. All
 * words of a channel are made before any of its outputs is written: y may be x. Columns may take the
 * place of rows.
 */
#ifndef INTNIC_DEPTHWISE_LANES
#define INTNIC_DEPTHWISE_LANES
struct intnic_depthwise_lanes {
    struct intnic_depthwise_columns image;
    int32_t stride_y, stride_x;
    int32_t y_row; /* bytes from one row of outputs to the next */
    struct intnic_range range;
};

/* One channel in words, row by row; what surrounds the image is there already. */
static INTNIC_NOINLINE void intnic_lane_plane(const struct intnic_depthwise_columns *image,
                                              const int8_t *x, int32_t *to)
{
    int8_t zero = (int8_t)image->input_zero;
    int32_t before = image->pad_left;
    int32_t inside = intnic_min(image->width, image->columns - before);

    to += before;
    for (int32_t row = 0; row < image->rows; row++) {
        int32_t iy = row - image->pad_top;
        struct intnic_column_row low = intnic_column_row(image, x, iy, &zero);
        struct intnic_column_row high = intnic_column_row(image, x, iy + image->apart, &zero);

        for (int32_t i = 0; i < inside; i++) {
            to[i] = *low.pixel + *high.pixel * 65536;
            low.pixel += low.step;
            high.pixel += high.step;
        }
        to += image->columns;
    }
}
#endif

/* The codes of one half of each pair of sums, row by row, of which some sums are left over. */
static INTNIC_NOINLINE void INTNIC_PASTE(intnic_store_halves, INTNIC_CODES)(
    const struct intnic_depthwise_lanes *layer, const int32_t *sum, int32_t lines,
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale, int8_t *y)
{
    struct INTNIC_PASTE(intnic, INTNIC_CODES) same;
    struct intnic_range range = { layer->range.low, layer->range.high };
    int32_t pitch = layer->image.y_pixel;

    INTNIC_PASTE(intnic_copy, INTNIC_CODES)(scale, &same);
    for (int32_t line = 0; line < lines; line++) {
        int8_t *to = y + line * layer->y_row;
        const int32_t *from = sum + 2 * line * layer->image.columns;

        for (int32_t i = layer->image.out_width; i > 0; i--) {
            *to = INTNIC_PASTE(intnic_code, INTNIC_CODES)(*from, &same, &range);
            from += 2;
            to += pitch;
        }
    }
}

static void INTNIC_PASTE(intnic_depthwise_lanes, INTNIC_CODES)(
    const struct intnic_depthwise_lanes *layer, const int8_t *x, int32_t *words, int8_t *y)
{
    const struct intnic_depthwise_columns *image = &layer->image;
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale = image->scales;
    const int8_t *weights = image->weights;
    int32_t columns = image->columns;
    int32_t *sums = words + image->rows * columns;

    for (int32_t i = 0; i < image->rows * columns; i++) {
        words[i] = image->input_zero * 65537;
    }
    for (int32_t c = 0; c < image->outputs; c++) {
        if (c == 0 || image->x_channel != 0) {
            intnic_lane_plane(image, x, words);
        }
        for (int32_t line = 0; line < image->part; line += image->lines) {
            int32_t lines = intnic_min(image->lines, image->part - line);
            int32_t below = image->part + line;
            const int32_t *top = words + line * layer->stride_y * columns;

            /* Windows go on from one row to the next, over some that lie in both. */
            intnic_lane_windows(top, top + columns, top + 2 * columns, weights,
                                image->runs[c] == 3, layer->stride_x, scale->bias,
                                (lines - 1) * columns + image->out_width, sums);
            INTNIC_PASTE(intnic_store_halves, INTNIC_CODES)(layer, sums, lines, scale,
                                                            y + line * layer->y_row);
            lines = intnic_min(lines, image->out_height - below);
            INTNIC_PASTE(intnic_store_halves, INTNIC_CODES)(layer, sums + 1, lines, scale,
                                                            y + below * layer->y_row);
        }
        weights += 9;
        scale++;
        x += image->x_channel;
        y++;
    }
}
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
