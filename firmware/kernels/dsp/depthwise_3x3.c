/*
 * Depthwise convolution with 3 x 3 filters. Four image rows are laid out anew for four channels at a
 * time: for each channel a plane of columns, each two words (row 0, row 1) and (row 2, row 3) of
 * int16. With a stride of one that is all that two output rows need, twelve multiply-accumulates of
 * one or two taps each; with a stride of two it is one output row. Rows and columns may be either
 * way round: the generator sweeps along the longer side.
 */
struct intnic_depthwise_3x3 {
    const int8_t *weights; /* per channel its three columns */
    const struct intnic_scale *scales;
    int32_t height, width, depth;
    int32_t x_row, x_column; /* bytes from one row or column of the image to the next */
    int32_t y_row, y_column;
    int32_t stride; /* 1 or 2, both ways */
    int32_t pad_top, pad_left;
    int32_t out_height, out_width;
    int32_t columns; /* of a plane */
    int32_t input_zero;
};

/* (a0, a1) and (b0, b1) to (a0, b0) and (a1, b1). */
static inline void intnic_transpose_two(int32_t a, int32_t b, intnic_pair *low, intnic_pair *high)
{
    /* C has no PKHBT; compilers take two instructions for it. */
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(*low) : "r"(a), "r"(b));
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(*high) : "r"(b), "r"(a));
}

/*
 * `count` columns of four image rows, `step` bytes apart, four channels each: eight words a column,
 * the two of channels 0, 2, 1 and 3 in turn.
 */
static INTNIC_NOINLINE void intnic_fill_planes(const int8_t *const *row, int32_t step,
                                               int32_t count, intnic_pair *to)
{
    const int8_t *x0 = row[0], *x1 = row[1], *x2 = row[2], *x3 = row[3];

    for (; count > 0; count--) {
        uint32_t r0 = intnic_load4(x0);
        uint32_t r1 = intnic_load4(x1);
        uint32_t r2 = intnic_load4(x2);
        uint32_t r3 = intnic_load4(x3);

        x0 += step;
        x1 += step;
        x2 += step;
        x3 += step;
        intnic_transpose_two(intnic_even_bytes(r0), intnic_even_bytes(r1), to, to + 2);
        intnic_transpose_two(intnic_odd_bytes(r0), intnic_odd_bytes(r1), to + 4, to + 6);
        intnic_transpose_two(intnic_even_bytes(r2), intnic_even_bytes(r3), to + 1, to + 3);
        intnic_transpose_two(intnic_odd_bytes(r2), intnic_odd_bytes(r3), to + 5, to + 7);
        to += 8;
    }
}

/* The zero point in place of `count` halves of words, `step` halves apart. */
static inline void intnic_blank(int16_t *half, int32_t count, int32_t step, int32_t zero)
{
    for (; count > 0; count--) {
        *half = (int16_t)zero;
        half += step;
    }
}

/* The zero point in place of one row of `count` columns, four channels each. */
static inline void intnic_blank_row(int16_t *half, int32_t count, int32_t zero)
{
    for (; count > 0; count--) {
        half[0] = (int16_t)zero;
        half[4] = (int16_t)zero;
        half[8] = (int16_t)zero;
        half[12] = (int16_t)zero;
        half += 16;
    }
}

/* Rows `top` to `top + 3` of four channels; the zero point stands for what is outside. */
static INTNIC_NOINLINE void intnic_make_planes(const struct intnic_depthwise_3x3 *layer,
                                               const int8_t *x, int32_t top, intnic_pair *planes)
{
    const int8_t *row[4];
    int32_t inside = intnic_min(layer->width, layer->columns - layer->pad_left);
    int32_t right = layer->pad_left + inside;
    int32_t zero = layer->input_zero;

    for (int32_t r = 0; r < 4; r++) {
        /* A row outside is read at the edge, and then blanked. */
        int32_t iy = intnic_min(intnic_max(top + r, 0), layer->height - 1);

        row[r] = x + iy * layer->x_row;
    }
    intnic_fill_planes(row, layer->x_column, inside, planes + 8 * layer->pad_left);
    intnic_blank((int16_t *)(void *)planes, 16 * layer->pad_left, 1, zero);
    intnic_blank((int16_t *)(void *)(planes + 8 * right), 16 * (layer->columns - right), 1, zero);
    for (int32_t r = 0; r < 4; r++) {
        if (top + r < 0 || top + r >= layer->height) {
            intnic_blank_row((int16_t *)(void *)(planes + (r >> 1)) + (r & 1), layer->columns,
                             zero);
        }
    }
}

/* The three columns of a filter as (w0, w1), then as (w1, w2). */
static inline void intnic_widen_filter(const int8_t *weights, intnic_pair *filter)
{
    for (int32_t j = 0; j < 3; j++) {
        int32_t w1 = weights[1];

        filter[j] = (int32_t)(((uint32_t)w1 << 16) | (uint16_t)weights[0]);
        filter[3 + j] = (int32_t)(((uint32_t)weights[2] << 16) | (uint16_t)w1);
        weights += 3;
    }
}

/*
 * The loops below are in assembly where compilers optimise: they take all registers, loads come in
 * pairs, and all instructions are wide and lie on words. The same in C stands beside them.
 */

/* Adds a column: rows 0 to 2 times w0 w1 w2 to the one sum, rows 1 to 3 to the other. */
#ifdef __OPTIMIZE__
#define INTNIC_COLUMN(at, w, v, from_a, from_b)                     \
    "ldrd %[c], %[d], [%[plane], #" at "]\n\t"                      \
    "smlad %[a], %[c], %[" w "], %[" from_a "]\n\t"                 \
    "smlatb %[b], %[c], %[" w "], %[" from_b "]\n\t"                \
    "smlabt %[a], %[d], %[" v "], %[a]\n\t"                         \
    "smlad %[b], %[d], %[" v "], %[b]\n\t"
#else
#define INTNIC_COLUMN(at, w, v)                                     \
    do {                                                            \
        a = __smlabt(plane[(at) + 1], (v), __smlad(plane[at], (w), a)); \
        b = __smlad(plane[(at) + 1], (v), __smlatb(plane[at], (w), b)); \
    } while (0)
#endif

/* Sums of two output rows of one channel, stride 1, side by side. */
static INTNIC_NOINLINE void intnic_sum_rows(const intnic_pair *plane, const intnic_pair *filter,
                                            int32_t bias, int32_t count, int32_t *sums)
{
    int32_t w0 = filter[0], w1 = filter[1], w2 = filter[2];
    int32_t v0 = filter[3], v1 = filter[4], v2 = filter[5];
    int32_t a, b;

#ifdef __OPTIMIZE__
    const int32_t *end = sums + 2 * count;
    int32_t c, d;

    __asm__ volatile(".p2align 2\n"
                     "1:\n\t"
                     INTNIC_COLUMN("0", "w0", "v0", "bias", "bias")
                     INTNIC_COLUMN("32", "w1", "v1", "a", "b")
                     INTNIC_COLUMN("64", "w2", "v2", "a", "b")
                     "strd %[a], %[b], [%[sums]], #8\n\t"
                     "add.w %[plane], %[plane], #32\n\t"
                     "cmp.w %[sums], %[end]\n\t"
                     "bne.w 1b\n\t"
                     : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [sums] "+r"(sums),
                       [plane] "+r"(plane)
                     : [w0] "r"(w0), [w1] "r"(w1), [w2] "r"(w2), [v0] "r"(v0), [v1] "r"(v1),
                       [v2] "r"(v2), [bias] "r"(bias), [end] "r"(end)
                     : "cc", "memory");
#else
    for (; count > 0; count--) {
        a = bias;
        b = bias;
        INTNIC_COLUMN(0, w0, v0);
        INTNIC_COLUMN(8, w1, v1);
        INTNIC_COLUMN(16, w2, v2);
        sums[0] = a;
        sums[1] = b;
        sums += 2;
        plane += 8;
    }
#endif
}

#undef INTNIC_COLUMN

#ifdef __OPTIMIZE__
#define INTNIC_COLUMN(at, w, v, from_a)                             \
    "ldrd %[c], %[d], [%[plane], #" at "]\n\t"                      \
    "smlad %[a], %[c], %[" w "], %[" from_a "]\n\t"                 \
    "smlabt %[a], %[d], %[" v "], %[a]\n\t"
#else
#define INTNIC_COLUMN(at, w, v) \
    (a = __smlabt(plane[(at) + 1], (v), __smlad(plane[at], (w), a)))
#endif

/* Sums of one output row of one channel, stride 2. */
static INTNIC_NOINLINE void intnic_sum_row(const intnic_pair *plane, const intnic_pair *filter,
                                           int32_t bias, int32_t count, int32_t *sums)
{
    int32_t w0 = filter[0], w1 = filter[1], w2 = filter[2];
    int32_t v0 = filter[3], v1 = filter[4], v2 = filter[5];
    int32_t a;

#ifdef __OPTIMIZE__
    const int32_t *end = sums + count;
    int32_t c, d;

    __asm__ volatile(".p2align 2\n"
                     "1:\n\t"
                     INTNIC_COLUMN("0", "w0", "v0", "bias")
                     INTNIC_COLUMN("32", "w1", "v1", "a")
                     INTNIC_COLUMN("64", "w2", "v2", "a")
                     "str.w %[a], [%[sums]], #4\n\t"
                     "add.w %[plane], %[plane], #64\n\t"
                     "cmp.w %[sums], %[end]\n\t"
                     "bne.w 1b\n\t"
                     : [a] "=&r"(a), [c] "=&r"(c), [d] "=&r"(d), [sums] "+r"(sums),
                       [plane] "+r"(plane)
                     : [w0] "r"(w0), [w1] "r"(w1), [w2] "r"(w2), [v0] "r"(v0), [v1] "r"(v1),
                       [v2] "r"(v2), [bias] "r"(bias), [end] "r"(end)
                     : "cc", "memory");
#else
    for (; count > 0; count--) {
        a = bias;
        INTNIC_COLUMN(0, w0, v0);
        INTNIC_COLUMN(8, w1, v1);
        INTNIC_COLUMN(16, w2, v2);
        *sums++ = a;
        plane += 16;
    }
#endif
}

#undef INTNIC_COLUMN

static void intnic_depthwise_3x3(const struct intnic_depthwise_3x3 *layer, const int8_t *x,
                                 intnic_pair *planes, int8_t *y)
{
    int32_t rows = layer->stride == 1 ? 2 : 1;
    int32_t count = layer->out_width;
    int32_t *sums = planes + 8 * layer->columns;

    for (int32_t oy = 0; oy < layer->out_height; oy += rows) {
        const int8_t *weights = layer->weights;
        const struct intnic_scale *scale = layer->scales;

        for (int32_t c = 0; c < layer->depth; c += 4) {
            intnic_make_planes(layer, x + c, oy * layer->stride - layer->pad_top, planes);
            for (int32_t p = 0; p < 4; p++) {
                /* Channels lie in the order 0 2 1 3. */
                const intnic_pair *plane = planes + ((p & 1) << 2 | (p & 2));
                int8_t *first = y + c + p;
                intnic_pair filter[6];

                intnic_widen_filter(weights, filter);
                if (rows == 1) {
                    intnic_sum_row(plane, filter, scale->bias, count, sums);
                    intnic_store_sums(sums, count, scale, layer->y_column, first);
                } else {
                    int8_t *second = oy + 1 < layer->out_height ? first + layer->y_row : first;

                    intnic_sum_rows(plane, filter, scale->bias, count, sums);
                    intnic_store_pairs(sums, count, scale, layer->y_column, first, second);
                }
                weights += 9;
                scale++;
            }
        }
        y += rows * layer->y_row;
    }
}
