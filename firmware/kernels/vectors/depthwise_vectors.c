struct intnic_depthwise_vectors {
    const int8_t *weights;   /* for each 16 channels, for four rows and a column: four of each */
    const int32_t *channels; /* biases, then multipliers, then shifts, filled up to 16 channels */
    struct intnic_raised rows;
    int32_t kernel_width, tap; /* elements from one column's tap to the next */
    int32_t stride_y, pad_top;
    int32_t out_height;
    int32_t outputs, step; /* neighbours that are computed at once, and elements to the next ones */
    int32_t row;           /* outputs of a row */
    struct intnic_vector_output output;
};

typedef uint8_t intnic_16_bytes __attribute__((vector_size(16)));
typedef uint16_t intnic_8_pairs __attribute__((vector_size(16)));
typedef intnic_16_bytes intnic_16_bytes_at __attribute__((aligned(1), may_alias));
typedef intnic_8_pairs intnic_8_pairs_at __attribute__((aligned(1), may_alias));

/* Elements of two vectors in turn, of their first or second halves. */
#ifdef __clang__
#define INTNIC_TURNS(type, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define INTNIC_TURNS(type, a, b, ...) __builtin_shuffle(a, b, (type){ __VA_ARGS__ })
#endif
#define INTNIC_FIRST_BYTES(a, b)                                                            \
    (intnic_8_pairs) INTNIC_TURNS(intnic_16_bytes, a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, \
                                  5, 21, 6, 22, 7, 23)
#define INTNIC_LAST_BYTES(a, b)                                                                \
    (intnic_8_pairs) INTNIC_TURNS(intnic_16_bytes, a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, \
                                  13, 29, 14, 30, 15, 31)
#define INTNIC_FIRST_PAIRS(a, b) INTNIC_TURNS(intnic_8_pairs, a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define INTNIC_LAST_PAIRS(a, b) INTNIC_TURNS(intnic_8_pairs, a, b, 4, 12, 5, 13, 6, 14, 7, 15)

/*
 * Puts four rows of `count` bytes together, element by element; rows below the last are that again,
 * with weights of zero.
 */
static inline void intnic_interleave(const uint8_t *rows, int32_t pitch, int32_t last, int32_t count,
                                     uint8_t *to)
{
    const uint8_t *row1 = rows + (last < 1 ? last : 1) * pitch;
    const uint8_t *row2 = rows + (last < 2 ? last : 2) * pitch;
    const uint8_t *row3 = rows + (last < 3 ? last : 3) * pitch;

    for (int32_t i = 0; i < count; i += 16) {
        intnic_16_bytes a = *(const intnic_16_bytes_at *)(rows + i);
        intnic_16_bytes b = *(const intnic_16_bytes_at *)(row1 + i);
        intnic_16_bytes c = *(const intnic_16_bytes_at *)(row2 + i);
        intnic_16_bytes d = *(const intnic_16_bytes_at *)(row3 + i);
        intnic_8_pairs above = INTNIC_FIRST_BYTES(a, b);
        intnic_8_pairs below = INTNIC_FIRST_BYTES(c, d);

        *(intnic_8_pairs_at *)to = INTNIC_FIRST_PAIRS(above, below);
        *(intnic_8_pairs_at *)(to + 16) = INTNIC_LAST_PAIRS(above, below);
        above = INTNIC_LAST_BYTES(a, b);
        below = INTNIC_LAST_BYTES(c, d);
        *(intnic_8_pairs_at *)(to + 32) = INTNIC_FIRST_PAIRS(above, below);
        *(intnic_8_pairs_at *)(to + 48) = INTNIC_LAST_PAIRS(above, below);
        to += 64;
    }
}

/* A vector of channels of one output row, whose columns lie in planes of four rows each. */
static inline void intnic_depthwise_lanes(const struct intnic_depthwise_vectors *layer,
                                          const uint8_t *planes, int32_t plane, int32_t first,
                                          int8_t *y)
{
    int32_t padded = (layer->outputs + 15) & -16;
    int32_t quads = (layer->rows.count + 3) >> 2;
    const int32_t *channel = layer->channels + first;
    const int8_t *weights = layer->weights + (first & -16) * 4 * quads * layer->kernel_width +
                            4 * (first & 15);
    intnic_words bias = *(const intnic_words_at *)channel;
    intnic_ints multiplier = *(const intnic_ints_at *)(channel + padded);
    intnic_ints shift = *(const intnic_ints_at *)(channel + 2 * padded);

    for (int32_t at = first; at < layer->row; at += layer->outputs) {
        const int8_t *w = weights;
        int32_t count = layer->row - at;
        intnic_words sums = bias;

        for (int32_t q = 0; q < quads; q++) {
            const uint8_t *taps = planes + 4 * (q * plane + first);

            for (int32_t kx = layer->kernel_width; kx > 0; kx--) {
                sums = intnic_add_dots(sums, *(const intnic_words_at *)taps,
                                       *(const intnic_words_at *)w);
                taps += 4 * layer->tap;
                w += 64;
            }
        }
        if (count > layer->outputs - first) {
            count = layer->outputs - first;
        }
        intnic_store_codes(intnic_codes_of(sums, multiplier, shift, &layer->output), count, y + at);
        planes += 4 * layer->step;
    }
}

/*
 * Convolution of each channel with a filter of its own, output row by output row: the rows it sees
 * are copied as unsigned bytes with what surrounds them, then put together by fours, so that a lane
 * finds the four taps of a column in one word. What is read beyond a row is not stored.
 */
static void intnic_depthwise_vectors(const struct intnic_depthwise_vectors *layer, const int8_t *x,
                                     uint8_t *scratch, int8_t *y)
{
    int32_t pitch = layer->rows.columns * layer->rows.depth;
    int32_t plane = (pitch + 15) & -16;
    uint8_t *planes = scratch + layer->rows.count * pitch + 16;

    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        intnic_raise_rows(&layer->rows, x, oy * layer->stride_y - layer->pad_top, scratch);
        for (int32_t ky = 0; ky < layer->rows.count; ky += 4) {
            intnic_interleave(scratch + ky * pitch, pitch, layer->rows.count - 1 - ky, pitch,
                              planes + ky * plane);
        }
        for (int32_t first = 0; first < layer->outputs; first += INTNIC_LANES) {
            intnic_depthwise_lanes(layer, planes, plane, first, y);
        }
        y += layer->row;
    }
}
