/*
 * Convolution by bands: the rows that one output row needs are widened to int16 and laid out column
 * by column, so that every window is one run of memory and its right neighbour lies INTNIC_PITCH
 * bytes further. Weights have INTNIC_BITS. Two pixels and four channels are computed at once, two taps an SMLAD.
 */
#ifndef INTNIC_BAND
#define INTNIC_BAND
#define INTNIC_JOIN_(a, b) a##_##b
#define INTNIC_JOIN(a, b) INTNIC_JOIN_(a, b)
#define INTNIC_JOIN3_(a, b, c) a##_##b##_##c
#define INTNIC_JOIN3(a, b, c) INTNIC_JOIN3_(a, b, c)

struct intnic_conv2d_band {
    /*
     * For four channels and two taps: of int8, the bytes of channels 0 1 0 1, then 2 3 2 3; of int16,
     * both taps of each channel in turn.
     */
    const int8_t *weights;
    const struct intnic_scale *scales;
    int32_t height, width, depth;
    int32_t kernel_height, dilation_y;
    int32_t taps; /* of a window, even */
    int32_t stride_y, stride_x;
    int32_t pad_top, pad_left;
    int32_t out_height, out_width, outputs;
    int32_t columns; /* of the band */
    int32_t column;  /* elements of one, even */
    int32_t input_zero;
    struct intnic_range range;
};

/* Widens one row of the image into the band, whose columns are `pitch` elements apart. */
static inline void intnic_widen_row(const int8_t *x, int32_t width, int32_t depth, int32_t pitch,
                                    int16_t *band)
{
    for (; width > 0; width--) {
        int32_t c = depth;
        int16_t *to = band;

        /* In the order that SXTB16 gives, 0 2 1 3; the weights are in the same. */
        if ((depth & 3) == 0) {
            for (; c > 0; c -= 4) {
                uint32_t word = intnic_load4(x);

                ((intnic_pair *)(void *)to)[0] = intnic_even_bytes(word);
                ((intnic_pair *)(void *)to)[1] = intnic_odd_bytes(word);
                x += 4;
                to += 4;
            }
        } else {
            for (; c > 0; c--) {
                *to++ = *x++;
            }
        }
        band += pitch;
    }
}

/* `count` columns of the input's zero point. */
static inline void intnic_blank_columns(int32_t count, int32_t depth, int32_t pitch, int32_t zero,
                                        int16_t *band)
{
    for (; count > 0; count--) {
        for (int32_t c = 0; c < depth; c++) {
            band[c] = (int16_t)zero;
        }
        band += pitch;
    }
}

/* The band of one output row; `top` is the first image row it sees, possibly outside. */
static void intnic_make_band(const struct intnic_conv2d_band *layer, const int8_t *x, int32_t top,
                             int16_t *band)
{
    int32_t depth = layer->depth;
    int32_t pitch = layer->column;
    int32_t inside = intnic_min(layer->width, layer->columns - layer->pad_left);
    int32_t right = layer->columns - layer->pad_left - inside;

    for (int32_t ky = 0; ky < layer->kernel_height; ky++) {
        int32_t iy = top + ky * layer->dilation_y;

        if (iy < 0 || iy >= layer->height) {
            intnic_blank_columns(layer->columns, depth, pitch, layer->input_zero, band);
        } else {
            intnic_blank_columns(layer->pad_left, depth, pitch, layer->input_zero, band);
            intnic_widen_row(x + iy * layer->width * depth, inside, depth, pitch,
                             band + layer->pad_left * pitch);
            intnic_blank_columns(right, depth, pitch, layer->input_zero,
                                 band + (layer->pad_left + inside) * pitch);
        }
        band += depth;
    }
}

/*
 * Two taps of two pixels and four channels: sixteen multiplications in sixteen instructions with
 * weights of int8, in fourteen with weights of int16. In assembly because all fourteen registers are
 * in use and a compiler spills; that costs a third. All instructions are wide and lie on words, so
 * that none waits for its second half.
 */
#define INTNIC_TWO_TAPS_8                                                                       \
    "ldr.w %[p1], [%[x], #%c[pitch]]\n\t"                                                       \
    "ldr %[p0], [%[x]], #4\n\t"                                                                 \
    "ldr %[b], [%[w]], #4\n\t"                                                                  \
    "sxtb16 %[a], %[b]\n\t"                                                                     \
    "sxtb16 %[b], %[b], ror #8\n\t" INTNIC_FOUR_SMLAD("s0", "s1", "s4", "s5")                   \
    "ldr %[b], [%[w]], #4\n\t"                                                                  \
    "sxtb16 %[a], %[b]\n\t"                                                                     \
    "sxtb16 %[b], %[b], ror #8\n\t" INTNIC_FOUR_SMLAD("s2", "s3", "s6", "s7")
#define INTNIC_TWO_TAPS_16                                                                      \
    "ldr.w %[p1], [%[x], #%c[pitch]]\n\t"                                                       \
    "ldr %[p0], [%[x]], #4\n\t"                                                                 \
    "ldr.w %[b], [%[w], #4]\n\t"                                                                \
    "ldr %[a], [%[w]], #16\n\t" INTNIC_FOUR_SMLAD("s0", "s1", "s4", "s5")                       \
    "ldr.w %[a], [%[w], #-8]\n\t"                                                               \
    "ldr.w %[b], [%[w], #-4]\n\t" INTNIC_FOUR_SMLAD("s2", "s3", "s6", "s7")
#define INTNIC_FOUR_SMLAD(left0, left1, right0, right1)                                         \
    "smlad %[" left0 "], %[p0], %[a], %[" left0 "]\n\t"                                         \
    "smlad %[" right0 "], %[p1], %[a], %[" right0 "]\n\t"                                       \
    "smlad %[" left1 "], %[p0], %[b], %[" left1 "]\n\t"                                         \
    "smlad %[" right1 "], %[p1], %[b], %[" right1 "]\n\t"

/* A loop's body, and the taps in it. */
#define INTNIC_UNROLL_8 8
#define INTNIC_TAPS_8 INTNIC_TWO_TAPS_8 INTNIC_TWO_TAPS_8 INTNIC_TWO_TAPS_8 INTNIC_TWO_TAPS_8
#define INTNIC_UNROLL_16 16
#define INTNIC_TAPS_16                                                                          \
    INTNIC_TWO_TAPS_16 INTNIC_TWO_TAPS_16 INTNIC_TWO_TAPS_16 INTNIC_TWO_TAPS_16                 \
    INTNIC_TWO_TAPS_16 INTNIC_TWO_TAPS_16 INTNIC_TWO_TAPS_16 INTNIC_TWO_TAPS_16

/* Weights of two taps for builds without optimisation: of channel c of four. */
#define INTNIC_WEIGHTS_8(c) \
    ((c) & 1 ? intnic_odd_bytes(intnic_load4(w + 2 * (c) - 2)) \
             : intnic_even_bytes(intnic_load4(w + 2 * (c))))
#define INTNIC_WEIGHTS_16(c) ((int32_t)intnic_load4(w + 4 * (c)))

/* All taps of two pixels and four channels, from the sums s0 to s7 on. */
#ifdef __OPTIMIZE__
#define INTNIC_BAND_BLOCK(bits)                                                                 \
    do {                                                                                        \
        int32_t p0, p1, a, b;                                                                   \
        __asm__ volatile(                                                                       \
            "b 2f\n\t"                                                                          \
            ".p2align 2\n"                                                                      \
            "1:\n\t" INTNIC_JOIN(INTNIC_TAPS, bits)                                            \
            "2:\n\t"                                                                            \
            "ldr %[a], %[unrolled]\n\t"                                                         \
            "cmp %[x], %[a]\n\t"                                                                \
            "bne.w 1b\n\t"                                                                      \
            "b 4f\n\t"                                                                          \
            ".p2align 2\n"                                                                      \
            "3:\n\t" INTNIC_JOIN(INTNIC_TWO_TAPS, bits)                                        \
            "4:\n\t"                                                                            \
            "ldr %[a], %[end]\n\t"                                                              \
            "cmp %[x], %[a]\n\t"                                                                \
            "bne 3b\n\t"                                                                        \
            : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [s4] "+r"(s4),        \
              [s5] "+r"(s5), [s6] "+r"(s6), [s7] "+r"(s7), [x] "+r"(x), [w] "+r"(w),            \
              [p0] "=&r"(p0), [p1] "=&r"(p1), [a] "=&r"(a), [b] "=&r"(b)                        \
            : [unrolled] "m"(unrolled), [end] "m"(end), [pitch] "i"(INTNIC_PITCH)               \
            : "cc", "memory");                                                                  \
    } while (0)
#else
/* The same in C, for builds without optimisation, which have no register left for the assembly. */
#define INTNIC_BAND_BLOCK(bits)                                                                 \
    do {                                                                                        \
        (void)unrolled;                                                                         \
        for (; x != end; w += bits) {                                                           \
            const intnic_pair *p = (const void *)x;                                             \
            const intnic_pair *q = (const void *)(x + INTNIC_PITCH / 2);                        \
                                                                                                \
            s0 = __smlad(*p, INTNIC_JOIN(INTNIC_WEIGHTS, bits)(0), s0);                        \
            s1 = __smlad(*p, INTNIC_JOIN(INTNIC_WEIGHTS, bits)(1), s1);                        \
            s2 = __smlad(*p, INTNIC_JOIN(INTNIC_WEIGHTS, bits)(2), s2);                        \
            s3 = __smlad(*p, INTNIC_JOIN(INTNIC_WEIGHTS, bits)(3), s3);                        \
            s4 = __smlad(*q, INTNIC_JOIN(INTNIC_WEIGHTS, bits)(0), s4);                        \
            s5 = __smlad(*q, INTNIC_JOIN(INTNIC_WEIGHTS, bits)(1), s5);                        \
            s6 = __smlad(*q, INTNIC_JOIN(INTNIC_WEIGHTS, bits)(2), s6);                        \
            s7 = __smlad(*q, INTNIC_JOIN(INTNIC_WEIGHTS, bits)(3), s7);                        \
            x += 2;                                                                             \
        }                                                                                       \
    } while (0)
#endif
#endif

/* One row of output pixels. */
static INTNIC_NOINLINE void INTNIC_JOIN3(intnic_band_row, INTNIC_PITCH, INTNIC_BITS)(
    const struct intnic_conv2d_band *layer, const int16_t *band, int8_t *y)
{
    const struct intnic_scale *last = layer->scales + layer->outputs;
    int32_t outputs = layer->outputs;

    for (int32_t left = layer->out_width; left > 0; left -= 2) {
        const int16_t *unrolled = band + (layer->taps & -INTNIC_JOIN(INTNIC_UNROLL, INTNIC_BITS));
        const int16_t *end = band + layer->taps;
        const int8_t *w = layer->weights;
        /* A single pixel at the end is computed twice: its neighbour's codes are overwritten. */
        int8_t *right = left > 1 ? y + outputs : y;

        for (const struct intnic_scale *scale = layer->scales; scale != last; scale += 4) {
            const int16_t *x = band;
            int32_t s0 = scale[0].bias, s1 = scale[1].bias;
            int32_t s2 = scale[2].bias, s3 = scale[3].bias;
            int32_t s4 = s0, s5 = s1, s6 = s2, s7 = s3;

            INTNIC_BAND_BLOCK(INTNIC_BITS);
            intnic_store_eight(s0, s1, s2, s3, s4, s5, s6, s7, scale, y, right);
            y += 4;
            right += 4;
        }
        y = right;
        band += INTNIC_PITCH;
    }
}

static void INTNIC_JOIN3(intnic_conv2d_band, INTNIC_PITCH, INTNIC_BITS)(const struct intnic_conv2d_band *layer,
                                                           const int8_t *x, int16_t *band,
                                                           int8_t *y)
{
    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        intnic_make_band(layer, x, oy * layer->stride_y - layer->pad_top, band);
        INTNIC_JOIN3(intnic_band_row, INTNIC_PITCH, INTNIC_BITS)(layer, band, y);
        intnic_limit(y, layer->out_width * layer->outputs, &layer->range);
        y += layer->out_width * layer->outputs;
    }
}
