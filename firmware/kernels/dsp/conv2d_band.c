#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

/*
 * Convolution by bands: the rows that one output row needs are widened to int16 and laid out column
 * by column, so that every window is one run of memory and its right neighbour lies INTNIC_PITCH
 * bytes further. Two pixels and four channels are computed at once, two taps an SMLAD.
 */
#ifndef INTNIC_BAND
#define INTNIC_BAND
struct intnic_conv2d_band {
    const int8_t *weights; /* per four channels: for two taps, bytes 0 1 0 1 and 2 3 2 3 */
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
#endif

/*
 * Two taps of two pixels and four channels: sixteen multiplications in sixteen instructions. In
 * assembly because all fourteen registers are in use and a compiler spills; that costs a third. All
 * instructions are wide and lie on words, so that none waits for its second half.
 */
#define INTNIC_TWO_TAPS                                     \
    "ldr.w %[p1], [%[x], #%c[pitch]]\n\t"                   \
    "ldr %[p0], [%[x]], #4\n\t"                             \
    "ldr %[b], [%[w]], #4\n\t"                              \
    "sxtb16 %[a], %[b]\n\t"                                 \
    "sxtb16 %[b], %[b], ror #8\n\t"                         \
    "smlad %[s0], %[p0], %[a], %[s0]\n\t"                   \
    "smlad %[s4], %[p1], %[a], %[s4]\n\t"                   \
    "smlad %[s1], %[p0], %[b], %[s1]\n\t"                   \
    "smlad %[s5], %[p1], %[b], %[s5]\n\t"                   \
    "ldr %[b], [%[w]], #4\n\t"                              \
    "sxtb16 %[a], %[b]\n\t"                                 \
    "sxtb16 %[b], %[b], ror #8\n\t"                         \
    "smlad %[s2], %[p0], %[a], %[s2]\n\t"                   \
    "smlad %[s6], %[p1], %[a], %[s6]\n\t"                   \
    "smlad %[s3], %[p0], %[b], %[s3]\n\t"                   \
    "smlad %[s7], %[p1], %[b], %[s7]\n\t"

/* All taps of two pixels and four channels, from the sums s0 to s7 on. */
#ifdef __OPTIMIZE__
#define INTNIC_BAND_BLOCK                                                                       \
    do {                                                                                        \
        int32_t p0, p1, a, b;                                                                   \
        __asm__ volatile(                                                                       \
            "b 2f\n\t"                                                                          \
            ".p2align 2\n"                                                                      \
            "1:\n\t" INTNIC_TWO_TAPS INTNIC_TWO_TAPS INTNIC_TWO_TAPS INTNIC_TWO_TAPS            \
            "2:\n\t"                                                                            \
            "ldr %[a], %[by_eight]\n\t"                                                         \
            "cmp %[x], %[a]\n\t"                                                                \
            "bne 1b\n\t"                                                                        \
            "b 4f\n\t"                                                                          \
            ".p2align 2\n"                                                                      \
            "3:\n\t" INTNIC_TWO_TAPS                                                            \
            "4:\n\t"                                                                            \
            "ldr %[a], %[end]\n\t"                                                              \
            "cmp %[x], %[a]\n\t"                                                                \
            "bne 3b\n\t"                                                                        \
            : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [s4] "+r"(s4),        \
              [s5] "+r"(s5), [s6] "+r"(s6), [s7] "+r"(s7), [x] "+r"(x), [w] "+r"(w),            \
              [p0] "=&r"(p0), [p1] "=&r"(p1), [a] "=&r"(a), [b] "=&r"(b)                        \
            : [by_eight] "m"(by_eight), [end] "m"(end), [pitch] "i"(INTNIC_PITCH)               \
            : "cc", "memory");                                                                  \
    } while (0)
#else
/* The same in C, for builds without optimisation, which have no register left for the assembly. */
#define INTNIC_BAND_BLOCK                                                                       \
    do {                                                                                        \
        (void)by_eight;                                                                         \
        for (; x != end; w += 8) {                                                              \
            const intnic_pair *p = (const void *)x;                                             \
            const intnic_pair *q = (const void *)(x + INTNIC_PITCH / 2);                        \
            uint32_t w01 = intnic_load4(w);                                                     \
            uint32_t w23 = intnic_load4(w + 4);                                                 \
                                                                                                \
            s0 = __smlad(*p, intnic_even_bytes(w01), s0);                                       \
            s1 = __smlad(*p, intnic_odd_bytes(w01), s1);                                        \
            s2 = __smlad(*p, intnic_even_bytes(w23), s2);                                       \
            s3 = __smlad(*p, intnic_odd_bytes(w23), s3);                                        \
            s4 = __smlad(*q, intnic_even_bytes(w01), s4);                                       \
            s5 = __smlad(*q, intnic_odd_bytes(w01), s5);                                        \
            s6 = __smlad(*q, intnic_even_bytes(w23), s6);                                       \
            s7 = __smlad(*q, intnic_odd_bytes(w23), s7);                                        \
            x += 2;                                                                             \
        }                                                                                       \
    } while (0)
#endif

/* One row of output pixels. */
static INTNIC_NOINLINE void INTNIC_PASTE(intnic_band_row, INTNIC_PITCH)(
    const struct intnic_conv2d_band *layer, const int16_t *band, int8_t *y)
{
    const struct intnic_scale *last = layer->scales + layer->outputs;
    int32_t outputs = layer->outputs;

    for (int32_t left = layer->out_width; left > 0; left -= 2) {
        const int16_t *by_eight = band + (layer->taps & ~7);
        const int16_t *end = band + layer->taps;
        const int8_t *w = layer->weights;
        /* A single pixel at the end is computed twice: its neighbour's codes are overwritten. */
        int8_t *right = left > 1 ? y + outputs : y;

        for (const struct intnic_scale *scale = layer->scales; scale != last; scale += 4) {
            const int16_t *x = band;
            int32_t s0 = scale[0].bias, s1 = scale[1].bias;
            int32_t s2 = scale[2].bias, s3 = scale[3].bias;
            int32_t s4 = s0, s5 = s1, s6 = s2, s7 = s3;

            INTNIC_BAND_BLOCK;
            intnic_store_eight(s0, s1, s2, s3, s4, s5, s6, s7, scale, y, right);
            y += 4;
            right += 4;
        }
        y = right;
        band += INTNIC_PITCH;
    }
}

static void INTNIC_PASTE(intnic_conv2d_band, INTNIC_PITCH)(const struct intnic_conv2d_band *layer,
                                                           const int8_t *x, int16_t *band,
                                                           int8_t *y)
{
    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        intnic_make_band(layer, x, oy * layer->stride_y - layer->pad_top, band);
        INTNIC_PASTE(intnic_band_row, INTNIC_PITCH)(layer, band, y);
        intnic_limit(y, layer->out_width * layer->outputs, &layer->range);
        y += layer->out_width * layer->outputs;
    }
}
#undef INTNIC_BAND_BLOCK
#undef INTNIC_TWO_TAPS
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
