#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

/*
 * Convolution with 3 x 3 windows, each output channel of one input channel. Words of a row hold two pixels, as
 * far apart as two windows are, so that a multiplication by a weight serves two outputs. Three rows
 * are kept, and every byte is read once: y may be x. Columns may take the place of rows.
 */
#ifndef INTNIC_DEPTHWISE_LANES
#define INTNIC_DEPTHWISE_LANES
struct intnic_depthwise_lanes {
    const int8_t *weights; /* nine a channel */
    const uint8_t *solid;  /* for every channel, 1 if three taps are not too much for a lane */
    const void *scales;
    int32_t height, width, outputs;
    int32_t x_channel; /* 1, or 0 where all outputs see the same channel */
    int32_t x_row, x_column, y_row, y_column; /* bytes from one to the next, in image and output */
    int32_t stride_y, stride_x;
    int32_t pad_top, pad_left;
    int32_t out_height, out_width;
    int32_t columns; /* words of a row */
    int32_t input_zero;
    struct intnic_range range;
};

/* One channel of a row in words x[i] + 2^16 * x[i + stride]; without the row, of zero points. */
static INTNIC_NOINLINE void intnic_lane_row(const struct intnic_depthwise_lanes *layer,
                                            const int8_t *x, int inside, int32_t *to)
{
    int32_t zero = layer->input_zero;
    int32_t column = layer->x_column;
    int32_t stride = layer->stride_x;
    int32_t before = layer->pad_left;
    int32_t columns = layer->columns;
    int32_t width = intnic_min(layer->width, columns - before);
    int32_t *end = to + columns;
    int32_t last = zero;

    if (!inside) {
        while (to != end) {
            *to++ = zero * 65537;
        }
        return;
    }
    if (stride == 1) {
        for (int32_t i = before; i > 0; i--) {
            *to++ = zero * 65537;
        }
        /* Every word is written when its upper half is known. */
        if (before > 0) {
            to--;
        } else {
            last = *x;
            x += column;
            width--;
        }
        for (; width > 0; width--) {
            int32_t next = *x;

            *to++ = last + next * 65536;
            last = next;
            x += column;
        }
        *to++ = last + zero * 65536;
        while (to < end) {
            *to++ = zero * 65537;
        }
        return;
    }
    for (int32_t i = 0; i < columns; i++) {
        int32_t value = zero;

        if (i >= before && i < before + width) {
            value = *x;
            x += column;
        }
        to[i] = value + zero * 65536;
        if (i >= stride) {
            to[i - stride] += (value - zero) * 65536;
        }
    }
}
#endif

static void INTNIC_PASTE(intnic_depthwise_lanes, INTNIC_CODES)(
    const struct intnic_depthwise_lanes *layer, const int8_t *x, int32_t *scratch, int8_t *y)
{
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale = layer->scales;
    const int8_t *weights = layer->weights;
    int32_t columns = layer->columns;
    int32_t outputs = layer->outputs;
    int32_t pairs = (layer->out_width + 1) >> 1;
    int32_t *sums = scratch + 3 * columns;

    for (int32_t c = 0; c < outputs; c++) {
        int32_t *row0 = scratch;
        int32_t *row1 = row0 + columns;
        int32_t *row2 = row1 + columns;
        int32_t next = -layer->pad_top; /* image row to be read */
        int32_t missing = 3;
        int8_t *to = y;

        for (int32_t oy = 0; oy < layer->out_height; oy++) {
            for (; missing > 0; missing--) {
                int32_t *free = row0;
                int inside = next >= 0 && next < layer->height;

                row0 = row1;
                row1 = row2;
                row2 = free;
                intnic_lane_row(layer, inside ? x + next * layer->x_row : x, inside, row2);
                next++;
            }
            intnic_lane_windows(row0, row1, row2, weights, layer->solid[c], 2 * layer->stride_x,
                                scale->bias, pairs, sums);
            INTNIC_PASTE(intnic_store, INTNIC_CODES)(sums, layer->out_width, scale, &layer->range,
                                                     layer->y_column, to);
            to += layer->y_row;
            missing = layer->stride_y;
        }
        weights += 9;
        scale++;
        x += layer->x_channel;
        y++;
    }
}
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
