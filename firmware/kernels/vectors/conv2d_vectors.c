struct intnic_conv2d_vectors {
    const int8_t *weights;   /* for each 16 outputs, for four taps at a time: four of each output */
    const int32_t *channels; /* biases, then multipliers, then shifts, filled up to 16 outputs */
    struct intnic_raised rows;
    int32_t runs, apart; /* of bytes that a window sees of a row, and bytes from one to the next */
    int32_t run;         /* taps of one, filled up to four */
    int32_t stride_y, stride_x;
    int32_t pad_top;
    int32_t out_height, out_width, outputs;
    struct intnic_vector_output output;
};

/*
 * The first `stored` of `pixels` neighbouring pixels, all outputs; `pixels` is a constant, so that
 * the sums are registers.
 */
INTNIC_INLINE void intnic_conv2d_pixels(const struct intnic_conv2d_vectors *layer,
                                        const uint8_t *band, int32_t pixels, int32_t stored,
                                        int8_t *y)
{
    int32_t outputs = layer->outputs;
    int32_t padded = (outputs + 15) & -16;
    int32_t pitch = layer->rows.columns * layer->rows.depth;
    int32_t step = layer->stride_x * layer->rows.depth;
    int32_t taps = layer->rows.count * layer->runs * layer->run;

    for (int32_t o = 0; o < outputs; o += INTNIC_LANES) {
        const int8_t *w = layer->weights + (o & -16) * taps + 4 * (o & 15);
        const int32_t *channel = layer->channels + o;
        const uint8_t *row = band;
        intnic_words sums[8];

#pragma GCC unroll 8
        for (int32_t p = 0; p < pixels; p++) {
            sums[p] = *(const intnic_words_at *)channel;
        }
        for (int32_t ky = layer->rows.count; ky > 0; ky--) {
            const uint8_t *run = row;

            for (int32_t left = layer->runs; left > 0; left--) {
                for (int32_t t = 0; t < layer->run; t += 4) {
                    intnic_words weights = *(const intnic_words_at *)w;

#pragma GCC unroll 8
                    for (int32_t p = 0; p < pixels; p++) {
                        uint32_t four = *(const intnic_word_at *)(run + t + p * step);

                        sums[p] = intnic_add_dots(sums[p], intnic_all(four), weights);
                    }
                    w += 64;
                }
                run += layer->apart;
            }
            row += pitch;
        }
        intnic_ints multiplier = *(const intnic_ints_at *)(channel + padded);
        intnic_ints shift = *(const intnic_ints_at *)(channel + 2 * padded);

#pragma GCC unroll 8
        for (int32_t p = 0; p < pixels; p++) {
            if (p < stored) {
                intnic_store_codes(intnic_codes_of(sums[p], multiplier, shift, &layer->output),
                                   outputs - o, y + p * outputs + o);
            }
        }
    }
}

/*
 * Convolution, output row by output row: the rows it sees are copied as unsigned bytes with what
 * surrounds them, so that a window is one run of bytes a row, or one a tap if it has holes. Eight or
 * four pixels and a vector of outputs are computed at once, four taps at a time. What is read beyond
 * a run or a row has weights of zero or is not stored.
 */
static void intnic_conv2d_vectors(const struct intnic_conv2d_vectors *layer, const int8_t *x,
                                  uint8_t *band, int8_t *y)
{
    int32_t step = layer->stride_x * layer->rows.depth;

    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        const uint8_t *window = band;
        int32_t left = layer->out_width;

        intnic_raise_rows(&layer->rows, x, oy * layer->stride_y - layer->pad_top, band);
        for (; left >= 8; left -= 8) {
            intnic_conv2d_pixels(layer, window, 8, 8, y);
            window += 8 * step;
            y += 8 * layer->outputs;
        }
        for (; left > 0; left -= 4) {
            int32_t stored = left < 4 ? left : 4;

            intnic_conv2d_pixels(layer, window, 4, stored, y);
            window += 4 * step;
            y += stored * layer->outputs;
        }
    }
}
