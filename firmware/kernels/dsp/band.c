/*
 * Bands: what one line of outputs, a row or a column, sees of the image, widened to int16 and laid out
 * column by column, so that every window is one run of memory.
 */

/* Lines lie across the image's other direction: for rows, along is to the right and across is down. */
struct intnic_conv2d_band {
    /*
     * For two channels at a time: both biases; for two taps at a time, of int8 the first of both
     * channels and the second of both, or those joined, of int16 both of each channel in turn; then for each channel
     * its multiplier, addend and, where they differ, shift.
     */
    const int32_t *weights;
    const int32_t *end;
    int32_t across, depth; /* of the image */
    int32_t next_along, next_across; /* bytes from one pixel to the next */
    int32_t kernel_across, dilation_across, stride_across;
    int32_t pad_across;
    int32_t lines, line; /* of outputs, and bytes from one to the next */
    int32_t before, inside, behind; /* columns of the band: those inside the image, and padding */
    int32_t column;      /* elements of one, even */
    int32_t last;        /* pixel at which the last ones of a line begin */
    int32_t advance;     /* pixels from three to the next three */
    int32_t step;        /* bytes from a pixel's codes to the next one's */
    int32_t codes;       /* in all */
    int32_t input_zero;
    struct intnic_range range;
};

/* Four bytes in the order that SXTB16 gives, 0 2 1 3; the weights are in the same. */
static inline void intnic_widen_word(uint32_t word, int16_t *band)
{
    intnic_pair *to = (void *)band;

    to[0] = intnic_even_bytes(word);
    to[1] = intnic_odd_bytes(word);
}

/*
 * Eight bytes a turn, at least eight; returns the end. In assembly, here and where three rows are
 * widened, for instructions that lie on words: others wait for their second half.
 */
static inline int16_t *intnic_widen_eights(const int8_t *x, int32_t count, int16_t *band)
{
    const int8_t *end = x + count;
    uint32_t a, b, even;

    __asm__ volatile(".p2align 2\n"
                     "1:\n\t"
                     "ldr.w %[b], [%[x], #4]\n\t"
                     "ldr %[a], [%[x]], #8\n\t"
                     "sxtb16 %[even], %[b]\n\t"
                     "sxtb16 %[b], %[b], ror #8\n\t"
                     "str.w %[even], [%[band], #8]\n\t"
                     "str.w %[b], [%[band], #12]\n\t"
                     "sxtb16 %[even], %[a]\n\t"
                     "sxtb16 %[a], %[a], ror #8\n\t"
                     "str.w %[a], [%[band], #4]\n\t"
                     "str %[even], [%[band]], #16\n\t"
                     "cmp.w %[x], %[end]\n\t"
                     "bne.w 1b\n\t"
                     : [x] "+&r"(x), [band] "+&r"(band), [a] "=&r"(a), [b] "=&r"(b),
                       [even] "=&r"(even)
                     : [end] "r"(end)
                     : "cc", "memory");
    return band;
}

/* Widens `size` bytes of `inside` pixels each into the columns. */
static INTNIC_NOINLINE void intnic_widen_pixels(const struct intnic_conv2d_band *layer,
                                                const int8_t *x, int32_t size, int16_t *band)
{
    int32_t words = (layer->depth & 3) == 0;
    int32_t eights = words ? size & -8 : 0;

    for (int32_t left = layer->inside; left > 0; left--) {
        int16_t *to = band;

        if (eights > 0) {
            to = intnic_widen_eights(x, eights, to);
        }
        if (words) {
            if (eights != size) {
                intnic_widen_word(intnic_load4(x + eights), to);
            }
        } else {
            for (int32_t c = 0; c < size; c++) {
                to[c] = x[c];
            }
        }
        x += layer->next_along;
        band += layer->column;
    }
}

/* `count` columns of the input's zero point. */
static INTNIC_NOINLINE void intnic_blank_columns(int32_t count, int32_t depth, int32_t pitch,
                                                 int32_t zero, int16_t *band)
{
    for (; count > 0; count--) {
        for (int32_t c = 0; c < depth; c++) {
            band[c] = (int16_t)zero;
        }
        band += pitch;
    }
}

/* A pixel of three channels: the first and the third of them, and the middle one. */
static inline void intnic_widen_three(const int8_t *x, int16_t *ends, int16_t *middle)
{
    ends[0] = x[0];
    ends[1] = x[2];
    *middle = x[1];
}

/*
 * Columns of three pixels of three channels, of rows that begin at `from`, with `next` bytes a pixel:
 * the first and the third channel of each pixel, then the middle ones; the weight of what comes tenth
 * is 0. The last column is made by itself, so that nothing behind it is read.
 */
static INTNIC_NOINLINE void intnic_widen_nines(const int8_t *const from[3], const int32_t next[3],
                                               int32_t count, int16_t *band)
{
    const int8_t *a = from[0], *b = from[1], *c = from[2];
    int32_t left = count - 1;
    uint32_t s, t, u, even;

    if (left > 0) {
        __asm__ volatile(".p2align 2\n"
                         "1:\n\t"
                         "ldr.w %[s], [%[a]]\n\t"
                         "ldr.w %[t], [%[b]]\n\t"
                         "ldr.w %[u], [%[c]]\n\t"
                         "sxtb16 %[even], %[s]\n\t"
                         "sxtb16 %[s], %[s], ror #8\n\t"
                         "str %[even], [%[band]], #20\n\t"
                         "sxtb16 %[even], %[t]\n\t"
                         "sxtb16 %[t], %[t], ror #8\n\t"
                         "str %[even], [%[band], #-16]\n\t"
                         "sxtb16 %[even], %[u]\n\t"
                         "sxtb16 %[u], %[u], ror #8\n\t"
                         "str %[even], [%[band], #-12]\n\t"
                         "pkhbt %[s], %[s], %[t], lsl #16\n\t"
                         "str %[s], [%[band], #-8]\n\t"
                         "str %[u], [%[band], #-4]\n\t"
                         "add.w %[a], %[a], %[next_a]\n\t"
                         "add.w %[b], %[b], %[next_b]\n\t"
                         "add.w %[c], %[c], %[next_c]\n\t"
                         "subs.w %[left], %[left], #1\n\t"
                         "bne.w 1b\n\t"
                         : [a] "+&r"(a), [b] "+&r"(b), [c] "+&r"(c), [band] "+&r"(band),
                           [left] "+&r"(left), [s] "=&r"(s), [t] "=&r"(t), [u] "=&r"(u),
                           [even] "=&r"(even)
                         : [next_a] "r"(next[0]), [next_b] "r"(next[1]), [next_c] "r"(next[2])
                         : "cc", "memory");
    }
    intnic_widen_three(a, band, band + 6);
    intnic_widen_three(b, band + 2, band + 7);
    intnic_widen_three(c, band + 4, band + 8);
    band[9] = 0;
}

/* The part of a line's band inside the image, where windows are three pixels of three channels wide. */
static void intnic_make_nines(const struct intnic_conv2d_band *layer, const int8_t *x, int32_t first,
                              int16_t *band)
{
    const int8_t zero = (int8_t)layer->input_zero;
    const int8_t blank[4] = { zero, zero, zero, zero };
    const int8_t *from[3];
    int32_t next[3];

    for (int32_t k = 0; k < 3; k++) {
        int32_t at = first + k * layer->dilation_across;
        int32_t outside = at < 0 || at >= layer->across;

        from[k] = outside ? blank : x + at * layer->next_across;
        next[k] = outside ? 0 : layer->next_along;
    }
    if (layer->inside > 0) {
        intnic_widen_nines(from, next, layer->inside, band);
    }
}

/* The band of one line; `first` is the first row (or column) it sees, possibly outside. */
static void intnic_make_band(const struct intnic_conv2d_band *layer, const int8_t *x, int32_t first,
                             int16_t *band)
{
    int32_t pitch = layer->column;
    int32_t zero = layer->input_zero;
    int16_t *inside = band + layer->before * pitch;

    /* A compiler leaves out what a layer without padding does not need. */
    if (layer->before > 0) {
        intnic_blank_columns(1, layer->before * pitch, 0, zero, band);
    }
    if (layer->behind > 0) {
        intnic_blank_columns(1, layer->behind * pitch, 0, zero, inside + layer->inside * pitch);
    }
    if (layer->depth == 3 && layer->kernel_across == 3) {
        intnic_make_nines(layer, x, first, inside);
        return;
    }
    for (int32_t k = 0; k < layer->kernel_across;) {
        int32_t at = first + k * layer->dilation_across;
        int32_t outside = at < 0 || at >= layer->across;
        int32_t count = 1;

        if (layer->next_across == layer->depth && layer->dilation_across == 1) {
            /* What a window sees across lies together. */
            count = intnic_min(layer->kernel_across - k, at < 0 ? -at : layer->across - at);
            count = intnic_max(count, 1);
        }
        if (outside) {
            intnic_blank_columns(layer->inside, count * layer->depth, pitch, zero, inside);
        } else {
            intnic_widen_pixels(layer, x + at * layer->next_across, count * layer->depth, inside);
        }
        inside += count * layer->depth;
        k += count;
    }
}
