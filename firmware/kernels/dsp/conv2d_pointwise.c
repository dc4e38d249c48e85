/*
 * Convolution 1 x 1: two pixels at a time are widened to int16, pairs of taps of both in turn, and
 * pass by all channels, four at a time. Weights take a byte each: a word holds two taps of two
 * channels as 256 * w1 + w0 in each half, and multiplied as it lies adds 256 times the sum of one
 * channel to that of the other. So half of the products need nothing unpacked:
 *
 *     (256 * w1 + w0) * x - w0 * x = 256 * w1 * x
 *
 * All is modulo 2^32: the generator has proved that 256 times the final sums fit.
 *
 * A file for INTNIC_TAPS in one pass of the inner loop, for one pass or more (INTNIC_PASSES is 2), and
 * for codes by INTNIC_RULE and INTNIC_SHIFT.
 */
#ifndef INTNIC_POINTWISE
#define INTNIC_POINTWISE
#define INTNIC_PASTE4_(a, b, c, d) a##_##b##_##c##_##d
#define INTNIC_PASTE4(a, b, c, d) INTNIC_PASTE4_(a, b, c, d)
#define INTNIC_PASTE2_(a, b) a##_##b
#define INTNIC_PASTE2(a, b) INTNIC_PASTE2_(a, b)

struct intnic_conv2d_pointwise {
    /*
     * For four channels: where sums start, of channels 0 and 2 the bias, of 1 and 3 that and 256
     * times their own; for two taps the words of channels 0 and 1, 2 and 3; for each channel by what
     * its code is made.
     */
    const int32_t *blocks, *end;
    int32_t rows, pixels;         /* of the output */
    int32_t row_step, pixel_step; /* bytes of the image */
    int32_t depth, taps;          /* taps: filled up to whole passes */
    int32_t outputs;
    struct intnic_range range;
};

/* Four values of two pixels side by side, in the order that SXTB16 gives, 0 2 1 3. */
static inline void intnic_widen_four_of_two(uint32_t left, uint32_t right, intnic_pair *to)
{
    to[0] = intnic_even_bytes(left);
    to[1] = intnic_even_bytes(right);
    to[2] = intnic_odd_bytes(left);
    to[3] = intnic_odd_bytes(right);
}

/* All values, eight at a time and then four: a Cortex-M4 is fast where it loads several in a row. */
static inline void intnic_widen_two(const int8_t *left, const int8_t *right, int32_t depth,
                                    intnic_pair *to)
{
    for (; depth >= 8; depth -= 8) {
        uint32_t a = intnic_load4(left), b = intnic_load4(right);
        uint32_t c = intnic_load4(left + 4), d = intnic_load4(right + 4);

        intnic_widen_four_of_two(a, b, to);
        intnic_widen_four_of_two(c, d, to + 4);
        left += 8;
        right += 8;
        to += 8;
    }
    if (depth > 0) {
        intnic_widen_four_of_two(intnic_load4(left), intnic_load4(right), to);
    }
}

/* Adds all taps of one pixel to sums of four channels; returns what comes behind the weights. */
static inline const int32_t *intnic_four_channels(const int32_t *w, const intnic_pair *x,
                                                  int32_t taps, int32_t sums[4])
{
#ifdef INTNIC_ASSEMBLY
    int32_t a, b, c, d, p, q;

    /* Four taps a round. In assembly for loads in a row, a third faster than what compilers make. */
    __asm__ volatile(".p2align 2\n"
                     "1:\n\t"
                     "ldr.w %[b], [%[w], #4]\n\t"
                     "ldr.w %[q], [%[x], #8]\n\t"
                     "ldr.w %[c], [%[w], #8]\n\t"
                     "ldr.w %[d], [%[w], #12]\n\t"
                     "ldr %[p], [%[x]], #16\n\t"
                     "ldr %[a], [%[w]], #16\n\t"
                     "smlad %[s3], %[q], %[d], %[s3]\n\t"
                     "smlad %[s1], %[q], %[c], %[s1]\n\t"
                     "smlad %[s3], %[p], %[b], %[s3]\n\t"
                     "smlad %[s1], %[p], %[a], %[s1]\n\t"
                     "sxtb16 %[d], %[d]\n\t"
                     "sxtb16 %[c], %[c]\n\t"
                     "sxtb16 %[b], %[b]\n\t"
                     "sxtb16 %[a], %[a]\n\t"
                     "smlad %[s2], %[q], %[d], %[s2]\n\t"
                     "smlad %[s0], %[q], %[c], %[s0]\n\t"
                     "smlad %[s2], %[p], %[b], %[s2]\n\t"
                     "smlad %[s0], %[p], %[a], %[s0]\n\t"
                     "subs.w %[taps], %[taps], #4\n\t"
                     "bne.w 1b\n\t"
                     : [s0] "+&r"(sums[0]), [s1] "+&r"(sums[1]), [s2] "+&r"(sums[2]), [s3] "+&r"(sums[3]),
                       [w] "+&r"(w), [x] "+&r"(x), [taps] "+&r"(taps), [a] "=&r"(a), [b] "=&r"(b),
                       [c] "=&r"(c), [d] "=&r"(d), [p] "=&r"(p), [q] "=&r"(q)
                     :
                     : "cc", "memory");
#else
    for (; taps > 0; taps -= 2) {
        sums[1] = __smlad(x[0], w[0], sums[1]);
        sums[3] = __smlad(x[0], w[1], sums[3]);
        sums[0] = __smlad(x[0], intnic_even_bytes((uint32_t)w[0]), sums[0]);
        sums[2] = __smlad(x[0], intnic_even_bytes((uint32_t)w[1]), sums[2]);
        x += 2;
        w += 2;
    }
#endif
    return w;
}

#ifdef INTNIC_ASSEMBLY
/* A first pair of taps, and all others of a pass. */
#define INTNIC_FIRST_TAPS INTNIC_POINTWISE_TAPS("s0", "s1", "s2", "s3")
#define INTNIC_NEXT_TAPS INTNIC_POINTWISE_TAPS("s4", "s5", "s6", "s7")
#define INTNIC_REST_4 INTNIC_NEXT_TAPS
#define INTNIC_REST_8 INTNIC_REST_4 INTNIC_NEXT_TAPS INTNIC_REST_4
#define INTNIC_REST_12 INTNIC_REST_4 INTNIC_NEXT_TAPS INTNIC_REST_8
#define INTNIC_REST_16 INTNIC_REST_8 INTNIC_NEXT_TAPS INTNIC_REST_8
#define INTNIC_REST_20 INTNIC_REST_8 INTNIC_NEXT_TAPS INTNIC_REST_12
#define INTNIC_REST_24 INTNIC_REST_12 INTNIC_NEXT_TAPS INTNIC_REST_12
#define INTNIC_REST_32 INTNIC_REST_16 INTNIC_NEXT_TAPS INTNIC_REST_16
#define INTNIC_REST_40 INTNIC_REST_20 INTNIC_NEXT_TAPS INTNIC_REST_20
#define INTNIC_REST_48 INTNIC_REST_24 INTNIC_NEXT_TAPS INTNIC_REST_24
#define INTNIC_REST_64 INTNIC_REST_32 INTNIC_NEXT_TAPS INTNIC_REST_32
#endif
#endif

#define INTNIC_NAME(name) INTNIC_PASTE4(intnic_##name, INTNIC_TAPS, INTNIC_PASSES, INTNIC_SHIFT)

/* The code of 256 times a sum, by the words of the ith of four channels. */
static inline int8_t INTNIC_NAME(pointwise_code)(uint32_t sum, const int32_t *by, int32_t i)
{
    by += i * INTNIC_PASTE2(INTNIC_CODE_WORDS, INTNIC_RULE);
    return (int8_t)INTNIC_PASTE2(intnic_pointwise_code, INTNIC_RULE)((int32_t)sum, by, INTNIC_SHIFT);
}

/* All channels of one of two pixels, from every other of the words at `x`. */
static void INTNIC_NAME(pointwise_pixel)(const struct intnic_conv2d_pointwise *layer,
                                         const intnic_pair *x, int8_t *y)
{
    const int32_t *w = layer->blocks;

    while (w != layer->end) {
        int32_t sums[4] = { w[0], w[1], w[2], w[3] };

        w = intnic_four_channels(w + 4, x, layer->taps, sums);
        y[0] = INTNIC_NAME(pointwise_code)((uint32_t)sums[0] << 8, w, 0);
        y[1] = INTNIC_NAME(pointwise_code)((uint32_t)sums[1] - (uint32_t)sums[0], w, 1);
        y[2] = INTNIC_NAME(pointwise_code)((uint32_t)sums[2] << 8, w, 2);
        y[3] = INTNIC_NAME(pointwise_code)((uint32_t)sums[3] - (uint32_t)sums[2], w, 3);
        y += 4;
        w += 4 * INTNIC_PASTE2(INTNIC_CODE_WORDS, INTNIC_RULE);
    }
}

/* All channels of two pixels, from their taps at `x`. */
#ifdef INTNIC_ASSEMBLY
#if INTNIC_PASSES == 1
#define INTNIC_ALL_TAPS INTNIC_FIRST_TAPS INTNIC_PASTE2(INTNIC_REST, INTNIC_TAPS)
#else
#define INTNIC_ALL_TAPS                                     \
    "mov.w %[s4], %[s0]\n\t"                                \
    "mov.w %[s5], %[s1]\n\t"                                \
    "mov.w %[s6], %[s2]\n\t"                                \
    "mov.w %[s7], %[s3]\n"                                  \
    "2:\n\t" INTNIC_NEXT_TAPS INTNIC_PASTE2(INTNIC_REST, INTNIC_TAPS)  \
    "ldr.w %[b], %[x_end]\n\t"                              \
    "cmp.w %[x], %[b]\n\t"                                  \
    "bne.w 2b\n\t"
#endif

/* In assembly for the registers, all of which are in use, and wide, on words, as in bands. */
static inline void INTNIC_NAME(pointwise_channels)(const struct intnic_conv2d_pointwise *layer,
                                                   const intnic_pair *x, int8_t *left,
                                                   int8_t *right)
{
    const int32_t *w = layer->blocks, *end = layer->end;
    const intnic_pair *x_end = x + layer->taps, *at;
    int32_t s0, s1, s2, s3, s4, s5, s6, s7, a, b, p, q;

    __asm__ volatile(
        ".p2align 2\n"
        "1:\n\t"
        INTNIC_POINTWISE_START INTNIC_ALL_TAPS
        INTNIC_PASTE2(INTNIC_CODES, INTNIC_RULE)
        "strb %[s4], [%[x]], #1\n\t"
        "strb %[s0], [%[q]], #1\n\t"
        "strb %[s5], [%[x]], #1\n\t"
        "strb %[s1], [%[q]], #1\n\t"
        "strb %[s6], [%[x]], #1\n\t"
        "strb %[s2], [%[q]], #1\n\t"
        "strb %[s7], [%[x]], #1\n\t"
        "strb %[s3], [%[q]], #1\n\t"
        "str.w %[x], %[right]\n\t"
        "str.w %[q], %[left]\n\t"
        "cmp.w %[w], %[p]\n\t"
        "bne.w 1b\n\t"
        : [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3), [s4] "=&r"(s4),
          [s5] "=&r"(s5), [s6] "=&r"(s6), [s7] "=&r"(s7), [a] "=&r"(a), [b] "=&r"(b),
          [p] "=&r"(p), [q] "=&r"(q), [x] "=&r"(at), [w] "+&r"(w), [left] "+m"(left),
          [right] "+m"(right)
        : [band] "m"(x), [x_end] "m"(x_end), [end] "m"(end), [shift] "i"(INTNIC_SHIFT)
        : "cc", "memory");
}
#undef INTNIC_ALL_TAPS
#else
/* Builds without optimisation have no register left for the assembly. */
static void INTNIC_NAME(pointwise_channels)(const struct intnic_conv2d_pointwise *layer,
                                            const intnic_pair *x, int8_t *left, int8_t *right)
{
    INTNIC_NAME(pointwise_pixel)(layer, x, left);
    INTNIC_NAME(pointwise_pixel)(layer, x + 1, right);
}
#endif

/* One row of output pixels, two at a time. */
static INTNIC_NOINLINE void INTNIC_NAME(pointwise_row)(const struct intnic_conv2d_pointwise *layer,
                                                       const int8_t *x, intnic_pair *band, int8_t *y)
{
    for (int32_t count = layer->pixels; count >= 2; count -= 2) {
        intnic_widen_two(x, x + layer->pixel_step, layer->depth, band);
        INTNIC_NAME(pointwise_channels)(layer, band, y, y + layer->outputs);
        x += 2 * layer->pixel_step;
        y += 2 * layer->outputs;
    }
    if ((layer->pixels & 1) != 0) {
        intnic_widen_two(x, x, layer->depth, band);
        INTNIC_NAME(pointwise_pixel)(layer, band, y);
    }
}

static void INTNIC_NAME(conv2d_pointwise)(const struct intnic_conv2d_pointwise *layer,
                                          const int8_t *x, intnic_pair *band, int8_t *y)
{
    int32_t row = layer->pixels * layer->outputs;

    for (int32_t i = 0; i < layer->rows; i++) {
        INTNIC_NAME(pointwise_row)(layer, x + i * layer->row_step, band, y + i * row);
    }
    intnic_limit(y, layer->rows * row, &layer->range);
}
#undef INTNIC_NAME
