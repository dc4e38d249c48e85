/*
 * Convolution 1 x 1: two pixels at a time are widened to int16, pairs of taps of both in turn, and
 * pass by all channels, four at a time. A byte of weights each: a word holds two taps of two
 * channels as 256 * w1 + w0 in each half, and multiplied as it lies adds 256 times the sum of one
 * channel to that of the other. So half of the products need nothing unpacked:
 *
 *     (256 * w1 + w0) * x - w0 * x = 256 * w1 * x
 *
 * All is modulo 2^32: the generator has proved that 256 times the final sums fit.
 *
 * A file for INTNIC_TAPS in one pass of the inner loop, for one pass or more (INTNIC_PASSES is 2), and
 * for codes by INTNIC_RULE.
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
     * its code is made: multiplier, addend, shift.
     */
    const int32_t *blocks, *end;
    int32_t rows, pixels;         /* of the output */
    int32_t row_step, pixel_step; /* bytes of the image */
    int32_t depth, taps;          /* taps: filled up to whole passes */
    int32_t outputs;
    struct intnic_range range;
};

/* Two pixels side by side; of four values in the order that SXTB16 gives, 0 2 1 3. */
static inline void intnic_widen_two(const int8_t *left, const int8_t *right, int32_t depth,
                                    intnic_pair *to)
{
    for (int32_t c = 0; c < depth; c += 4) {
        uint32_t a = intnic_load4(left + c);
        uint32_t b = intnic_load4(right + c);

        to[0] = intnic_even_bytes(a);
        to[1] = intnic_even_bytes(b);
        to[2] = intnic_odd_bytes(a);
        to[3] = intnic_odd_bytes(b);
        to += 4;
    }
}

#ifdef __OPTIMIZE__
/* A first pair of taps, and all others of a pass. */
#define INTNIC_FIRST_TAPS INTNIC_POINTWISE_TAPS("s0", "s1", "s2", "s3")
#define INTNIC_NEXT_TAPS INTNIC_POINTWISE_TAPS("s4", "s5", "s6", "s7")
#define INTNIC_REST_4 INTNIC_NEXT_TAPS
#define INTNIC_REST_8 INTNIC_REST_4 INTNIC_NEXT_TAPS INTNIC_REST_4
#define INTNIC_REST_16 INTNIC_REST_8 INTNIC_NEXT_TAPS INTNIC_REST_8
#define INTNIC_REST_32 INTNIC_REST_16 INTNIC_NEXT_TAPS INTNIC_REST_16
#define INTNIC_REST_64 INTNIC_REST_32 INTNIC_NEXT_TAPS INTNIC_REST_32
#endif
#endif

#define INTNIC_NAME(name) INTNIC_PASTE4(intnic_##name, INTNIC_TAPS, INTNIC_PASSES, INTNIC_RULE)

/* All channels of two pixels, from their taps at `x`. */
#ifdef __OPTIMIZE__
#if INTNIC_PASSES == 1
#define INTNIC_ALL_TAPS INTNIC_FIRST_TAPS INTNIC_PASTE2(INTNIC_REST, INTNIC_TAPS)
#else
#define INTNIC_ALL_TAPS                                     \
    "mov.w %[s4], %[s0]\n\t"                                \
    "mov.w %[s5], %[s1]\n\t"                                \
    "mov.w %[s6], %[s2]\n\t"                                \
    "mov.w %[s7], %[s3]\n"                                  \
    "2:\n\t" INTNIC_NEXT_TAPS INTNIC_PASTE2(INTNIC_REST, INTNIC_TAPS)  \
    "ldr.w %[a], %[x_end]\n\t"                              \
    "cmp.w %[x], %[a]\n\t"                                  \
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
        "ldr.w %[x], %[band]\n\t"
        "ldr.w %[s1], [%[w], #4]\n\t"
        "ldr.w %[s2], [%[w], #8]\n\t"
        "ldr.w %[s3], [%[w], #12]\n\t"
        "ldr %[s0], [%[w]], #16\n\t" INTNIC_ALL_TAPS
        "sub.w %[s1], %[s1], %[s0]\n\t"
        "sub.w %[s5], %[s5], %[s4]\n\t"
        "sub.w %[s3], %[s3], %[s2]\n\t"
        "sub.w %[s7], %[s7], %[s6]\n\t"
        INTNIC_PASTE2(INTNIC_CODES, INTNIC_RULE)("0", "s0", "s4")
        INTNIC_PASTE2(INTNIC_CODES_256, INTNIC_RULE)("1", "s1", "s5")
        INTNIC_PASTE2(INTNIC_CODES, INTNIC_RULE)("2", "s2", "s6")
        INTNIC_PASTE2(INTNIC_CODES_256, INTNIC_RULE)("3", "s3", "s7")
        "add.w %[w], %[w], #48\n\t"
        "ldr.w %[a], %[left]\n\t"
        "ldr.w %[b], %[right]\n\t"
        "ldr.w %[p], %[end]\n\t"
        "strb %[s4], [%[b]], #1\n\t"
        "strb %[s0], [%[a]], #1\n\t"
        "strb %[s5], [%[b]], #1\n\t"
        "strb %[s1], [%[a]], #1\n\t"
        "strb %[s6], [%[b]], #1\n\t"
        "strb %[s2], [%[a]], #1\n\t"
        "strb %[s7], [%[b]], #1\n\t"
        "strb %[s3], [%[a]], #1\n\t"
        "str.w %[a], %[left]\n\t"
        "str.w %[b], %[right]\n\t"
        "cmp.w %[w], %[p]\n\t"
        "bne.w 1b\n\t"
        : [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3), [s4] "=&r"(s4),
          [s5] "=&r"(s5), [s6] "=&r"(s6), [s7] "=&r"(s7), [a] "=&r"(a), [b] "=&r"(b),
          [p] "=&r"(p), [q] "=&r"(q), [x] "=&r"(at), [w] "+r"(w), [left] "+m"(left),
          [right] "+m"(right)
        : [band] "m"(x), [x_end] "m"(x_end), [end] "m"(end)
        : "cc", "memory");
}
#undef INTNIC_ALL_TAPS
#else
#define INTNIC_POINTWISE_CODE INTNIC_PASTE2(intnic_pointwise_code, INTNIC_RULE)
#define INTNIC_POINTWISE_CODE_256 INTNIC_PASTE2(intnic_pointwise_code_256, INTNIC_RULE)
/* The same in C: builds without optimisation have no register left for the assembly. */
static void INTNIC_NAME(pointwise_channels)(const struct intnic_conv2d_pointwise *layer,
                                            const intnic_pair *x, int8_t *left, int8_t *right)
{
    for (const int32_t *w = layer->blocks; w != layer->end; w += 16 + layer->taps) {
        const int32_t *by = w + 4 + layer->taps;

        for (int32_t i = 0; i < 4; i += 2) {
            int32_t s0 = w[i], s1 = w[i + 1], s4 = s0, s5 = s1;

            for (int32_t t = 0; t < layer->taps; t += 2) {
                int32_t both = w[4 + t + i / 2], even = intnic_even_bytes((uint32_t)both);

                s0 = __smlad(x[t], even, s0);
                s1 = __smlad(x[t], both, s1);
                s4 = __smlad(x[t + 1], even, s4);
                s5 = __smlad(x[t + 1], both, s5);
            }
            s1 = (int32_t)((uint32_t)s1 - (uint32_t)s0);
            s5 = (int32_t)((uint32_t)s5 - (uint32_t)s4);
            *left++ = (int8_t)INTNIC_POINTWISE_CODE(s0, by);
            *left++ = (int8_t)INTNIC_POINTWISE_CODE_256(s1, by + 3);
            *right++ = (int8_t)INTNIC_POINTWISE_CODE(s4, by);
            *right++ = (int8_t)INTNIC_POINTWISE_CODE_256(s5, by + 3);
            by += 6;
        }
    }
}
#undef INTNIC_POINTWISE_CODE
#undef INTNIC_POINTWISE_CODE_256
#endif

static INTNIC_NOINLINE void INTNIC_NAME(conv2d_pointwise)(
    const struct intnic_conv2d_pointwise *layer, const int8_t *x, intnic_pair *band, int8_t *y)
{
    int8_t *to = y;

    for (int32_t row = 0; row < layer->rows; row++) {
        const int8_t *from = x;

        for (int32_t left = layer->pixels; left > 0; left -= 2) {
            /* A last pixel alone is computed twice, in the same place. */
            int32_t alone = left == 1;

            intnic_widen_two(from, alone ? from : from + layer->pixel_step, layer->depth, band);
            INTNIC_NAME(pointwise_channels)(layer, band, to, alone ? to : to + layer->outputs);
            from += 2 * layer->pixel_step;
            to += alone ? layer->outputs : 2 * layer->outputs;
        }
        x += layer->row_step;
    }
    intnic_limit(y, layer->rows * layer->pixels * layer->outputs, &layer->range);
}
#undef INTNIC_NAME
