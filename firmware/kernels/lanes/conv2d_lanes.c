#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)
#define INTNIC_CONV2D_LANES INTNIC_PASTE(intnic_conv2d_lanes, INTNIC_CODES)
#define INTNIC_LANE_PIXELS INTNIC_PASTE(intnic_lane_pixels, INTNIC_CODES)

/*
 * Convolution with two products in one multiplication: the taps of two pixels lie in one word,
 * x0 + 2^16 * x1, and weights multiply both. Four pixels are computed at once, channel by channel.
 * The taps come in runs, each so short that no sum of 16 bits leaves its half of the word, whatever
 * the input; at the end of a run the halves are added to sums of 32 bits. Weights that alone would
 * make a run of four too long are left to the end, as rests.
 */
#ifndef INTNIC_LANES
#define INTNIC_LANES
struct intnic_conv2d_lanes {
    const int8_t *weights; /* of INTNIC_LANE_CHANNELS channels in turn, taps filled up to fours */
    const uint16_t *runs;  /* for every 16 times four taps: a bit where a run ends, top bit first */
    const struct intnic_lane_channel *channels;
    const struct intnic_lane_rest *rests;
    const void *scales;
    int32_t height, width, depth;
    int32_t pad_top, pad_left;
    int32_t columns;                /* of the band, 0 if windows are read where they are */
    int32_t band_rows, band_step;   /* its rows, and how far they are apart in the image */
    int32_t band_stride;            /* image rows from one band to the next, 0 if there is but one */
    int32_t rows, row, row_step;    /* runs of bytes in a window, their length, how far apart */
    int32_t lines, line_step;       /* lines of windows: rows or columns, and bytes between them */
    int32_t windows, step;          /* windows of a line, and bytes between them */
    int32_t y_line, y_step;         /* the same in the output */
    int32_t outputs;
    int32_t fours; /* of taps */
    int32_t input_zero;
    struct intnic_range range;
};

/* Image rows, with what surrounds them; `top` may be outside. */
static void intnic_lane_band(const struct intnic_conv2d_lanes *layer, const int8_t *x, int32_t top,
                             int8_t *band)
{
    int32_t depth = layer->depth;
    int32_t pitch = layer->width * depth;
    int32_t all = layer->columns * depth;
    int32_t before = layer->pad_left * depth;
    int32_t inside = intnic_min(pitch, all - before);

    for (int32_t ky = 0; ky < layer->band_rows; ky++) {
        int32_t iy = top + ky * layer->band_step;
        int32_t left = all;

        if (iy >= 0 && iy < layer->height) {
            for (int32_t i = before; i > 0; i--) {
                *band++ = (int8_t)layer->input_zero;
            }
            band = intnic_copy(x + iy * pitch, inside, band);
            left = all - before - inside;
        }
        for (; left > 0; left--) {
            *band++ = (int8_t)layer->input_zero;
        }
    }
}

#define INTNIC_LANE_WORDS(k)                            \
    do {                                                \
        to[2 * (k)] = x[k] + x1[k] * 65536;             \
        to[2 * (k) + 1] = x2[k] + x3[k] * 65536;        \
    } while (0)

/* `count` taps of four windows, `step` bytes apart. */
static INTNIC_NOINLINE int32_t *intnic_lane_taps(const int8_t *x, int32_t step, int32_t count,
                                                 int32_t *to)
{
    const int8_t *x1 = x + step;
    const int8_t *x2 = x1 + step;
    const int8_t *x3 = x2 + step;

    for (; count >= 4; count -= 4) {
        INTNIC_LANE_WORDS(0);
        INTNIC_LANE_WORDS(1);
        INTNIC_LANE_WORDS(2);
        INTNIC_LANE_WORDS(3);
        x += 4;
        x1 += 4;
        x2 += 4;
        x3 += 4;
        to += 8;
    }
    for (; count > 0; count--) {
        INTNIC_LANE_WORDS(0);
        x++;
        x1++;
        x2++;
        x3++;
        to += 2;
    }
    return to;
}

#undef INTNIC_LANE_WORDS

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
static void INTNIC_LANE_PIXELS(const struct intnic_conv2d_lanes *layer, const int32_t *lanes,
                               int8_t *y)
{
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale = layer->scales;
    const struct intnic_lane_channel *channel = layer->channels;
    const struct intnic_lane_rest *rest = layer->rests;
    const int8_t *weights = layer->weights;
    const uint16_t *runs = layer->runs;
    int32_t outputs = layer->outputs;
    int32_t fours = layer->fours;

    for (int32_t left = outputs; left > 0; left -= INTNIC_LANE_CHANNELS) {
        int32_t sums[4 * INTNIC_LANE_CHANNELS];
        int32_t *sum = sums;

        for (int32_t i = 0; i < INTNIC_LANE_CHANNELS; i++) {
            /* Lower halves are counted from -2^15. */
            int32_t start = scale[i].bias - channel[i].runs * 32768;

            sum[4 * i] = start;
            sum[4 * i + 1] = scale[i].bias;
            sum[4 * i + 2] = start;
            sum[4 * i + 3] = scale[i].bias;
        }
        intnic_lane_sums(lanes, weights, runs, (fours + 15) >> 4, sums);
        for (int32_t i = intnic_min(left, INTNIC_LANE_CHANNELS); i > 0; i--) {
            if (channel->rests > 0) {
                intnic_add_rests(rest, channel->rests, lanes, sum);
                rest += channel->rests;
            }
            INTNIC_PASTE(intnic_store, INTNIC_CODES)(sum, 4, scale, &layer->range, layer->y_step, y);
            sum += 4;
            channel++;
            scale++;
            y++;
        }
        weights += 4 * INTNIC_LANE_CHANNELS * fours;
        runs += (fours + 15) >> 4;
    }
}

static void INTNIC_CONV2D_LANES(const struct intnic_conv2d_lanes *layer, const int8_t *x,
                                int32_t *scratch, int8_t *y)
{
    int8_t *band = (int8_t *)(void *)(scratch + 8 * layer->fours);
    const int8_t *line = layer->columns > 0 ? band : x;
    int32_t top = -layer->pad_top;
    int32_t last = layer->windows - 4;

    for (int32_t left = layer->lines; left > 0; left--) {
        if (layer->columns > 0 && (layer->band_stride > 0 || left == layer->lines)) {
            intnic_lane_band(layer, x, top, band);
            top += layer->band_stride;
        }
        /* The last four may be some of those before again. */
        for (int32_t i = 0; i < layer->windows; i += 4) {
            int32_t first = intnic_min(i, last);
            const int8_t *from = line + first * layer->step;
            int32_t *to = scratch;

            for (int32_t row = layer->rows; row > 0; row--) {
                to = intnic_lane_taps(from, layer->step, layer->row, to);
                from += layer->row_step;
            }
            INTNIC_LANE_PIXELS(layer, scratch, y + first * layer->y_step);
        }
        line += layer->line_step;
        y += layer->y_line;
    }
}
#undef INTNIC_LANE_PIXELS
#undef INTNIC_CONV2D_LANES
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
