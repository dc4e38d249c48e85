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
#endif

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
