#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)
#define INTNIC_WINOGRAD_BACK INTNIC_PASTE(intnic_winograd_back, INTNIC_CODES)
#define INTNIC_WINOGRAD_TILES_OUT INTNIC_PASTE(intnic_winograd_tiles, INTNIC_CODES)

/*
 * Convolution 3 x 3 with stride 1 by Winograd's F(4 x 4, 3 x 3) in exact integers: a tile of 6 x 6
 * inputs is transformed (B), multiplied by transformed weights element by element and summed over
 * the channels, and transformed back (A) to 4 x 4 outputs: 36 multiplications instead of 144.
 *
 *     B = 4  0 -5  0  1  0    G = 6  0  0    A = 1  0  0  0    with G scaled by 24, so that
 *         0 -4 -4  1  1  0       -4 -4 -4        1  1  1  1    A's result is 24 * 24 = 9 * 64 times
 *         0  4 -4 -1  1  0       -4  4 -4        1 -1  1 -1    the sum; the generator applies G.
 *         0 -2 -1  2  1  0        1  2  4        1  2  4  8
 *         0  2 -1 -2  1  0        1 -2  4        1 -2  4 -8
 *         0  4  0 -5  0  1        0  0  6        0  0  0  4
 *
 * All is modulo 2^32: times the inverse of 9 it is 64 times the sum, which the generator has proved
 * to fit.
 *
 * Two channels take one multiplication, and three additions (S. Winograd, "A New Algorithm for Inner
 * Product", 1968):
 *
 *     x0 * w0 + x1 * w1 = (x0 + w1) * (x1 + w0) - x0 * x1 - w0 * w1
 *
 * The sum of x0 * x1 is the same for all outputs, that of w0 * w1 is known. The weights of two outputs
 * lie in one word n = 2^15 + a + 2^16 * b, of which b is the upper half; its sum less 2^16 times the
 * sum of b is that of 2^15 + a.
 */
#ifndef INTNIC_WINOGRAD32
#define INTNIC_WINOGRAD32
struct intnic_winograd32 {
    /* per group of outputs, for each of 36 elements, column by column: starts, weights by channel */
    const uint32_t *weights;
    const void *scales;
    int32_t height, width, depth;
    int32_t channels; /* the depth, filled up to fours */
    int32_t pad_top, pad_left;
    int32_t out_height, out_width, outputs;
    int32_t input_zero;
    struct intnic_range range;
};

/* Where the outputs of a tile go, and how many of them are inside the image. */
struct intnic_winograd_tile {
    int8_t *y;
    int32_t rows, columns;
};

/* 9 times this is 1 modulo 2^32. */
#define INTNIC_NINTH 0x38e38e39u

/* Words of what comes before an element's channels: a sum of products, the same and 2^15 times a sum. */
#define INTNIC_WINOGRAD_HEAD (2 * INTNIC_WINOGRAD_TILES)
/* Sums behind them. */
#define INTNIC_WINOGRAD_SUMS (INTNIC_WINOGRAD_TILES * INTNIC_WINOGRAD_OUTPUTS)

/* B times a column of six, into words `pitch` apart. */
static inline void intnic_winograd_six(const int32_t d[6], int32_t pitch, int32_t *to)
{
    int32_t a = d[4] - 4 * d[2];
    int32_t b = d[3] - 4 * d[1];
    int32_t c = d[4] - d[2];
    int32_t e = 2 * (d[3] - d[1]);

    to[0] = c + 4 * (d[0] - d[2]);
    to += pitch;
    to[0] = a + b;
    to += pitch;
    to[0] = a - b;
    to += pitch;
    to[0] = c + e;
    to += pitch;
    to[0] = c - e;
    to += pitch;
    to[0] = d[5] - d[3] - 2 * e;
}

/*
 * Transforms a tile of `depth` channels, whose pixels and rows are so many bytes apart, to elements
 * `pitch` words apart. Two channels of every tile lie side by side.
 */
static INTNIC_NOINLINE void intnic_winograd_in(const int8_t *x, int32_t depth, int32_t row,
                                               int32_t pitch, int32_t *to)
{
    for (int32_t c = 0; c < depth; c++) {
        const int8_t *from = x + c;
        int32_t columns[36];
        int32_t d[6];

        for (int32_t i = 0; i < 36; i += 6) {
            const int8_t *in = from;

            d[0] = *in;
            in += row;
            d[1] = *in;
            in += row;
            d[2] = *in;
            in += row;
            d[3] = *in;
            in += row;
            d[4] = *in;
            in += row;
            d[5] = *in;
            intnic_winograd_six(d, 1, columns + i);
            from += depth;
        }
        for (int32_t k = 0; k < 6; k++) {
            d[0] = columns[k];
            d[1] = columns[6 + k];
            d[2] = columns[12 + k];
            d[3] = columns[18 + k];
            d[4] = columns[24 + k];
            d[5] = columns[30 + k];
            intnic_winograd_six(d, 6 * pitch, to + k * pitch);
        }
        to += (c & 1) != 0 ? 2 * INTNIC_WINOGRAD_TILES - 1 : 1;
    }
}

/* The heads of a tile's elements. */
static INTNIC_NOINLINE void intnic_winograd_heads(int32_t *x, int32_t channels, int32_t pitch)
{
    for (int32_t element = 0; element < 36; element++) {
        const int32_t *pair = x + INTNIC_WINOGRAD_HEAD;
        uint32_t products = 0;
        uint32_t sum = 0;

        for (int32_t left = channels; left > 0; left -= 4) {
            sum += (uint32_t)(pair[0] + pair[1]);
            products += (uint32_t)(pair[0] * pair[1]);
            pair += 2 * INTNIC_WINOGRAD_TILES;
            sum += (uint32_t)(pair[0] + pair[1]);
            products += (uint32_t)(pair[0] * pair[1]);
            pair += 2 * INTNIC_WINOGRAD_TILES;
        }
        x[0] = (int32_t)products;
        x[1] = (int32_t)(products + (sum << 15));
        x += pitch;
    }
}

/* A, transposed, times a column of six. */
static inline void intnic_winograd_four(const uint32_t m[6], uint32_t to[4])
{
    uint32_t even = m[1] + m[2], odd = m[1] - m[2];
    uint32_t even2 = m[3] + m[4], odd2 = m[3] - m[4];

    to[0] = m[0] + even + even2;
    to[1] = odd + 2 * odd2;
    to[2] = even + 4 * even2;
    to[3] = odd + 8 * odd2 + 4 * m[5];
}

/* The pixels of a tile, of which some are outside the image. */
static INTNIC_NOINLINE void intnic_winograd_patch(const struct intnic_winograd32 *layer,
                                                  const int8_t *x, int32_t top, int32_t left,
                                                  int8_t *to)
{
    int32_t depth = layer->depth;

    for (int32_t iy = top; iy < top + 6; iy++) {
        for (int32_t ix = left; ix < left + 6; ix++) {
            if (iy >= 0 && iy < layer->height && ix >= 0 && ix < layer->width) {
                to = intnic_copy(x + (iy * layer->width + ix) * depth, depth, to);
            } else {
                for (int32_t c = depth; c > 0; c--) {
                    *to++ = (int8_t)layer->input_zero;
                }
            }
        }
    }
}
#endif

/* Transforms one tile's sums of an output, `pitch` words apart, back and writes their codes. */
static INTNIC_NOINLINE void INTNIC_WINOGRAD_BACK(const struct intnic_winograd32 *layer,
                                                 const int32_t *sums, int32_t pitch, int32_t o,
                                                 const struct intnic_winograd_tile *tile)
{
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale = layer->scales;
    int8_t *y = tile->y + o;
    uint32_t rows[24];
    uint32_t m[6], t[4];

    scale += o;
    for (int32_t i = 0; i < 6; i++) {
        for (int32_t k = 0; k < 6; k++) {
            m[k] = (uint32_t)*sums;
            sums += pitch;
        }
        intnic_winograd_four(m, t);
        rows[i] = t[0];
        rows[6 + i] = t[1];
        rows[12 + i] = t[2];
        rows[18 + i] = t[3];
    }
    for (int32_t i = 0; i < tile->rows; i++) {
        int32_t line[4];

        intnic_winograd_four(rows + 6 * i, t);
        for (int32_t k = 0; k < 4; k++) {
            line[k] = ((int32_t)(t[k] * INTNIC_NINTH) >> 6) + scale->bias;
        }
        INTNIC_PASTE(intnic_store, INTNIC_CODES)(line, tile->columns, scale, &layer->range,
                                                 layer->outputs, y);
        y += layer->out_width * layer->outputs;
    }
}

/* All outputs of some tiles. */
static void INTNIC_WINOGRAD_TILES_OUT(const struct intnic_winograd32 *layer, int32_t *elements,
                                      const struct intnic_winograd_tile *tiles, int32_t count)
{
    const uint32_t *w = layer->weights;
    int32_t before = INTNIC_WINOGRAD_HEAD + INTNIC_WINOGRAD_TILES * layer->channels;
    int32_t pitch = before + INTNIC_WINOGRAD_SUMS;

    for (int32_t i = 0; i < count; i++) {
        intnic_winograd_heads(elements + 2 * i, layer->channels, pitch);
    }
    for (int32_t o = 0; o < layer->outputs; o += INTNIC_WINOGRAD_OUTPUTS) {
        int32_t outputs = intnic_min(layer->outputs - o, INTNIC_WINOGRAD_OUTPUTS);

        w = intnic_winograd_sums(elements, elements + 36 * pitch, w, layer->channels);
        for (int32_t i = 0; i < count; i++) {
            const int32_t *sums = elements + before + i * INTNIC_WINOGRAD_OUTPUTS;

            for (int32_t k = 0; k < outputs; k++) {
                INTNIC_WINOGRAD_BACK(layer, sums + k, pitch, o + k, &tiles[i]);
            }
        }
    }
}

/* The scratch bytes hold the elements of some tiles, and the pixels of one. */
static void INTNIC_PASTE(intnic_winograd32, INTNIC_CODES)(const struct intnic_winograd32 *layer,
                                                          const int8_t *x, int32_t *scratch,
                                                          int8_t *y)
{
    struct intnic_winograd_tile tiles[INTNIC_WINOGRAD_TILES];
    int32_t depth = layer->depth;
    int32_t pitch = INTNIC_WINOGRAD_TILES * (2 + layer->channels + INTNIC_WINOGRAD_OUTPUTS);
    int8_t *patch = (int8_t *)(void *)(scratch + 36 * pitch);
    int32_t count = 0;

    /* For what fills up the channels. */
    for (int32_t i = 0; i < 36 * pitch; i++) {
        scratch[i] = 0;
    }
    for (int32_t oy = 0; oy < layer->out_height; oy += 4) {
        int32_t top = oy - layer->pad_top;

        for (int32_t ox = 0; ox < layer->out_width; ox += 4) {
            struct intnic_winograd_tile *tile = &tiles[count];
            int32_t left = ox - layer->pad_left;
            const int8_t *from = x + (top * layer->width + left) * depth;
            int32_t row = layer->width * depth;

            if (top < 0 || left < 0 || top + 6 > layer->height || left + 6 > layer->width) {
                intnic_winograd_patch(layer, x, top, left, patch);
                from = patch;
                row = 6 * depth;
            }
            intnic_winograd_in(from, depth, row, pitch, scratch + INTNIC_WINOGRAD_HEAD + 2 * count);
            tile->y = y + (oy * layer->out_width + ox) * layer->outputs;
            tile->rows = intnic_min(layer->out_height - oy, 4);
            tile->columns = intnic_min(layer->out_width - ox, 4);
            if (++count == INTNIC_WINOGRAD_TILES) {
                INTNIC_WINOGRAD_TILES_OUT(layer, scratch, tiles, count);
                count = 0;
            }
        }
    }
    if (count > 0) {
        INTNIC_WINOGRAD_TILES_OUT(layer, scratch, tiles, count);
    }
}
#undef INTNIC_WINOGRAD_BACK
#undef INTNIC_WINOGRAD_TILES_OUT
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
