#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)
#define INTNIC_OF(name) INTNIC_PASTE(INTNIC_PASTE(intnic_##name, INTNIC_CODES), INTNIC_POOL)

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
 *
 * Of every INTNIC_POOL * INTNIC_POOL outputs only the largest is written. Codes rise with sums, so it
 * is looked for among the sums. The last tiles of rows and columns compute again what others have.
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
    int32_t rows, columns; /* to be computed, before a pool */
    int32_t outputs;
    int32_t y_row; /* bytes from one row to the next */
    int32_t input_zero;
    struct intnic_range range;
};

/* 9 times this is 1 modulo 2^32. */
#define INTNIC_NINTH 0x38e38e39u
/* For compilers that would take many shifts and additions for a product with it. */
#if defined(__GNUC__)
#define INTNIC_OPAQUE(value) __asm__("" : "+r"(value))
#else
#define INTNIC_OPAQUE(value) (void)0
#endif

/* Words of what comes before an element's channels: a sum of products, the same and 2^15 times a sum. */
#define INTNIC_WINOGRAD_HEAD (2 * INTNIC_WINOGRAD_TILES)
/* Sums of an element. */
#define INTNIC_WINOGRAD_SUMS (INTNIC_WINOGRAD_TILES * INTNIC_WINOGRAD_OUTPUTS)

/* B times a column of six. */
static inline void intnic_winograd_six(const uint32_t d[6], uint32_t to[6])
{
    uint32_t a = d[4] - 4 * d[2];
    uint32_t b = d[3] - 4 * d[1];
    uint32_t c = d[4] - d[2];
    uint32_t e = 2 * (d[3] - d[1]);

    to[0] = c + 4 * (d[0] - d[2]);
    to[1] = a + b;
    to[2] = a - b;
    to[3] = c + e;
    to[4] = c - e;
    to[5] = d[5] - d[3] - 2 * e;
}

/* Two channels as one number, which can be added, subtracted and shifted as a whole. */
static inline uint32_t intnic_winograd_both(const int8_t *x, int32_t other)
{
    return (uint32_t)x[0] + ((uint32_t)x[other] << 16);
}

/* Apart again; 2^15 has been added, so that the lower one borrows nothing from the upper one. */
static inline void intnic_winograd_apart(uint32_t both, int32_t *to)
{
    to[0] = (int32_t)(both & 0xffffu) - 0x8000;
    to[1] = (int32_t)both >> 16;
}

/*
 * Transforms a tile of `depth` channels, whose rows are so many bytes apart, to elements `pitch` words
 * apart. Two channels of every tile lie side by side; the last one of an odd number comes twice, for
 * the second time its weights are zeros.
 */
static INTNIC_NOINLINE void intnic_winograd_in(const int8_t *x, int32_t depth, int32_t row,
                                               int32_t pitch, int32_t *to)
{
    for (int32_t c = 0; c < depth; c += 2) {
        const int8_t *from = x + c;
        int32_t other = c + 1 < depth ? 1 : 0;
        uint32_t columns[36];
        uint32_t d[6], t[6];

        for (int32_t i = 0; i < 36; i += 6) {
            const int8_t *in = from;

            d[0] = intnic_winograd_both(in, other);
            in += row;
            d[1] = intnic_winograd_both(in, other);
            in += row;
            d[2] = intnic_winograd_both(in, other);
            in += row;
            d[3] = intnic_winograd_both(in, other);
            in += row;
            d[4] = intnic_winograd_both(in, other);
            in += row;
            d[5] = intnic_winograd_both(in, other);
            intnic_winograd_six(d, columns + i);
            from += depth;
        }
        for (int32_t k = 0; k < 6; k++) {
            int32_t *element = to + k * pitch;

            d[0] = columns[k];
            d[1] = columns[6 + k];
            d[2] = columns[12 + k];
            d[3] = columns[18 + k];
            /* Adds 2^15 to all six results. */
            d[4] = columns[24 + k] + 0x8000u;
            d[5] = columns[30 + k] + 0x8000u;
            intnic_winograd_six(d, t);
            intnic_winograd_apart(t[0], element);
            element += 6 * pitch;
            intnic_winograd_apart(t[1], element);
            element += 6 * pitch;
            intnic_winograd_apart(t[2], element);
            element += 6 * pitch;
            intnic_winograd_apart(t[3], element);
            element += 6 * pitch;
            intnic_winograd_apart(t[4], element);
            element += 6 * pitch;
            intnic_winograd_apart(t[5], element);
        }
        to += 2 * INTNIC_WINOGRAD_TILES;
    }
}

/*
 * The heads of a tile's elements. What fills up the channels may be anything: the heads take away
 * whatever it adds to the sums.
 */
static INTNIC_NOINLINE void intnic_winograd_heads(int32_t *x, int32_t channels, int32_t pitch)
{
    for (int32_t element = 0; element < 36; element++) {
        const int32_t *pair = x + INTNIC_WINOGRAD_HEAD;
        uint32_t products = 0;
        uint32_t sum = 0;

        for (int32_t left = channels; left > 0; left -= 4) {
            sum += (uint32_t)pair[0] + (uint32_t)pair[1];
            products += (uint32_t)pair[0] * (uint32_t)pair[1];
            pair += 2 * INTNIC_WINOGRAD_TILES;
            sum += (uint32_t)pair[0] + (uint32_t)pair[1];
            products += (uint32_t)pair[0] * (uint32_t)pair[1];
            pair += 2 * INTNIC_WINOGRAD_TILES;
        }
        x[0] = (int32_t)products;
        x[1] = (int32_t)(products + (sum << 15));
        x += pitch;
    }
}

/* A, transposed, times six words `pitch` apart, to four words `to_pitch` apart. */
static inline void intnic_winograd_four(const uint32_t *m, int32_t pitch, uint32_t *to,
                                        int32_t to_pitch)
{
    uint32_t even = m[pitch] + m[2 * pitch];
    uint32_t odd = even - 2 * m[2 * pitch];
    uint32_t even2 = m[3 * pitch] + m[4 * pitch];
    uint32_t odd2 = even2 - 2 * m[4 * pitch];
    uint32_t first = m[0];
    uint32_t last = m[5 * pitch];

    to[0] = first + even + even2;
    to[to_pitch] = odd + 2 * odd2;
    to[2 * to_pitch] = even + 4 * even2;
    to[3 * to_pitch] = odd + 4 * (2 * odd2 + last);
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

/* Transforms the tile whose pixels begin at that row and column. */
static void intnic_winograd_tile(const struct intnic_winograd32 *layer, const int8_t *x, int32_t top,
                                 int32_t left, int8_t *patch, int32_t *to)
{
    int32_t depth = layer->depth;
    int32_t row = layer->width * depth;
    int32_t pitch = INTNIC_WINOGRAD_HEAD + INTNIC_WINOGRAD_TILES * layer->channels;

    if (top < 0 || left < 0 || top + 6 > layer->height || left + 6 > layer->width) {
        intnic_winograd_patch(layer, x, top, left, patch);
        intnic_winograd_in(patch, depth, 6 * depth, pitch, to);
    } else {
        intnic_winograd_in(x + top * row + left * depth, depth, row, pitch, to);
    }
}
#endif

/* Transforms one tile's sums of an output back and writes their codes. */
static INTNIC_NOINLINE void INTNIC_OF(winograd_back)(const struct intnic_winograd32 *layer,
                                                     const uint32_t *sums, int32_t o, int8_t *y)
{
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scales = layer->scales;
    struct INTNIC_PASTE(intnic, INTNIC_CODES) scale;
    int32_t outputs = layer->outputs;
    int32_t next = layer->y_row;
    int32_t columns = intnic_min(layer->columns, 4);
    uint32_t ninth = INTNIC_NINTH;
    uint32_t rows[24];
    const uint32_t *row = rows;

    INTNIC_PASTE(intnic_copy, INTNIC_CODES)(scales + o, &scale);
    for (int32_t i = 0; i < 6; i++) {
        intnic_winograd_four(sums, INTNIC_WINOGRAD_SUMS, rows + i, 6);
        sums += 6 * INTNIC_WINOGRAD_SUMS;
    }
    INTNIC_OPAQUE(ninth);
    y += o;
    for (int32_t left = intnic_min(layer->rows, 4); left > 0; left -= INTNIC_POOL) {
        uint32_t lines[4 * INTNIC_POOL];
        const uint32_t *value = lines;
        int8_t *to = y;

        intnic_winograd_four(row, 1, lines, 1);
#if INTNIC_POOL == 2
        intnic_winograd_four(row + 6, 1, lines + 4, 1);
#endif
        for (int32_t k = columns; k > 0; k -= INTNIC_POOL) {
            int32_t sum = (int32_t)(value[0] * ninth);

#if INTNIC_POOL == 2
            sum = intnic_max(sum, (int32_t)(value[1] * ninth));
            sum = intnic_max(sum, (int32_t)(value[4] * ninth));
            sum = intnic_max(sum, (int32_t)(value[5] * ninth));
#endif
            sum = (sum >> 6) + scale.bias;
            *to = INTNIC_PASTE(intnic_code, INTNIC_CODES)(sum, &scale, &layer->range);
            value += INTNIC_POOL;
            to += outputs;
        }
        row += 6 * INTNIC_POOL;
        y += next;
    }
}

/* All outputs of some tiles. */
static void INTNIC_OF(winograd_tiles)(const struct intnic_winograd32 *layer, int32_t *elements,
                                      uint32_t *sums, int8_t *const *y, int32_t count)
{
    const uint32_t *w = layer->weights;
    int32_t pitch = INTNIC_WINOGRAD_HEAD + INTNIC_WINOGRAD_TILES * layer->channels;

    for (int32_t i = 0; i < count; i++) {
        intnic_winograd_heads(elements + 2 * i, layer->channels, pitch);
    }
    for (int32_t o = 0; o < layer->outputs; o += INTNIC_WINOGRAD_OUTPUTS) {
        int32_t outputs = intnic_min(layer->outputs - o, INTNIC_WINOGRAD_OUTPUTS);

        w = intnic_winograd_sums(elements, elements + 36 * pitch, w, layer->channels, sums);
        for (int32_t i = 0; i < count; i++) {
            for (int32_t k = 0; k < outputs; k++) {
                INTNIC_OF(winograd_back)(layer, sums + i * INTNIC_WINOGRAD_OUTPUTS + k, o + k, y[i]);
            }
        }
    }
}

/* The scratch bytes hold the elements of some tiles, their sums, and the pixels of one. */
static void INTNIC_OF(winograd32)(const struct intnic_winograd32 *layer, const int8_t *x,
                                  int32_t *scratch, int8_t *y)
{
    int8_t *tiles[INTNIC_WINOGRAD_TILES];
    int32_t pitch = INTNIC_WINOGRAD_HEAD + INTNIC_WINOGRAD_TILES * layer->channels;
    uint32_t *sums = (uint32_t *)(void *)(scratch + 36 * pitch);
    int8_t *patch = (int8_t *)(void *)(sums + 36 * INTNIC_WINOGRAD_SUMS);
    int32_t last_row = intnic_max(layer->rows - 4, 0);
    int32_t last_column = intnic_max(layer->columns - 4, 0);
    int32_t count = 0;

    for (int32_t row = 0; row < layer->rows; row += 4) {
        int32_t oy = intnic_min(row, last_row);

        for (int32_t column = 0; column < layer->columns; column += 4) {
            int32_t ox = intnic_min(column, last_column);

            intnic_winograd_tile(layer, x, oy - layer->pad_top, ox - layer->pad_left, patch,
                                 scratch + INTNIC_WINOGRAD_HEAD + 2 * count);
            tiles[count] = y + oy / INTNIC_POOL * layer->y_row + ox / INTNIC_POOL * layer->outputs;
            if (++count == INTNIC_WINOGRAD_TILES) {
                INTNIC_OF(winograd_tiles)(layer, scratch, sums, tiles, count);
                count = 0;
            }
        }
    }
    if (count > 0) {
        INTNIC_OF(winograd_tiles)(layer, scratch, sums, tiles, count);
    }
}
#undef INTNIC_OF
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
