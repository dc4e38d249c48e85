#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)
#define INTNIC_CONV2D_LANES INTNIC_PASTE(intnic_conv2d_lanes, INTNIC_CODES)
#define INTNIC_LANE_PIXELS INTNIC_PASTE(intnic_lane_pixels, INTNIC_CODES)

/*
 * Convolution with several products in one multiplication: the taps of some pixels lie in one word,
 * x0 + 2^n * x1 + ..., and weights multiply all of them. Two words of pixels are computed at once,
 * channel by channel. The taps come in runs, each so short that no sum of n bits leaves its part of the
 * word, whatever the input; at the end of a run the parts are added to sums of 32 bits.
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
#endif

static void INTNIC_CONV2D_LANES(const struct intnic_conv2d_lanes *layer, const int8_t *x,
                                int8_t *scratch, int8_t *y)
{
    intnic_lane_word *words = intnic_lane_words(scratch);
    int8_t *band = (int8_t *)(void *)(words + 8 * layer->fours);
    const int8_t *line = layer->columns > 0 ? band : x;
    int32_t top = -layer->pad_top;
    int32_t last = layer->windows - INTNIC_LANE_WINDOWS;

    for (int32_t left = layer->lines; left > 0; left--) {
        if (layer->columns > 0 && (layer->band_stride > 0 || left == layer->lines)) {
            intnic_lane_band(layer, x, top, band);
            top += layer->band_stride;
        }
        /* The last ones may be some of those before again. */
        for (int32_t i = 0; i < layer->windows; i += INTNIC_LANE_WINDOWS) {
            int32_t first = intnic_min(i, last);
            const int8_t *from = line + first * layer->step;
            intnic_lane_word *to = words;

            for (int32_t row = layer->rows; row > 0; row--) {
                to = intnic_lane_taps(from, layer->step, layer->row, to);
                from += layer->row_step;
            }
            INTNIC_LANE_PIXELS(layer, words, y + first * layer->y_step);
        }
        line += layer->line_step;
        y += layer->y_line;
    }
}
#undef INTNIC_LANE_PIXELS
#undef INTNIC_CONV2D_LANES
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
