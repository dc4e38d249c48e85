/*
 * Dense layer, eight outputs at once. Weights are pairs, 256 * w1 + w0 in 16 bits, so that a word
 * holds four as int8 would, and only one of two products needs it unpacked:
 *
 *     (256 * w1 + w0) * p + w0 * (256 * x0 - p) = 256 * (w0 * x0 + w1 * p),  p = x1 - 127
 *
 * The offset of 127 keeps 256 * x0 - p in int16; what it adds is part of the bias. All is modulo
 * 2^32: the generator has proved that 256 times the final sum fits.
 */
struct intnic_dense_wide {
    const int8_t *weights;
    const struct intnic_scale *scales; /* bias: 256 times, and of 127 * w1 too */
    int32_t inputs, outputs;
    struct intnic_range range;
};

/* For four inputs the words (p1, p3) and (256 * x0 - p1, 256 * x2 - p3). */
static inline void intnic_widen_four(uint32_t word, intnic_pair *to)
{
    int32_t p = (int32_t)__ssub16((int16x2_t)intnic_odd_bytes(word), 0x007f007f);
    int32_t shifted = (int32_t)((word << 8) & 0xff00ff00u);

    to[0] = p;
    to[1] = (int32_t)__ssub16((int16x2_t)shifted, (int16x2_t)p);
}

static void intnic_widen_inputs(const int8_t *x, int32_t count, intnic_pair *to)
{
    for (; count >= 4; count -= 4) {
        intnic_widen_four(intnic_load4(x), to);
        x += 4;
        to += 2;
    }
    if (count > 0) {
        uint32_t word = 0;

        for (int32_t i = 0; i < count; i++) {
            word |= (uint32_t)(uint8_t)x[i] << (8 * i);
        }
        intnic_widen_four(word, to);
    }
}

/* Four inputs of two outputs. In assembly for the registers, and wide, on words, as in bands. */
#define INTNIC_TWO_ROWS(a, b)                               \
    "ldr.w %[w1], [%[w], #4]\n\t"                           \
    "ldr %[w0], [%[w]], #8\n\t"                             \
    "smlad %[" a "], %[w0], %[p], %[" a "]\n\t"             \
    "smlad %[" b "], %[w1], %[p], %[" b "]\n\t"             \
    "sxtb16 %[w0], %[w0]\n\t"                               \
    "sxtb16 %[w1], %[w1]\n\t"                               \
    "smlad %[" a "], %[w0], %[q], %[" a "]\n\t"             \
    "smlad %[" b "], %[w1], %[q], %[" b "]\n\t"

#define INTNIC_FOUR_INPUTS                                  \
    "ldr.w %[q], [%[x], #4]\n\t"                            \
    "ldr %[p], [%[x]], #8\n\t"                              \
    INTNIC_TWO_ROWS("s0", "s1")                             \
    INTNIC_TWO_ROWS("s2", "s3")                             \
    INTNIC_TWO_ROWS("s4", "s5")                             \
    INTNIC_TWO_ROWS("s6", "s7")

/* All inputs of eight outputs, from the sums s0 to s7 on. */
#ifdef __OPTIMIZE__
#define INTNIC_EIGHT_ROWS                                                                       \
    do {                                                                                        \
        int32_t p, q, w0, w1;                                                                   \
                                                                                                \
        __asm__ volatile(                                                                       \
            "b 2f\n\t"                                                                          \
            ".p2align 2\n"                                                                      \
            "1:\n\t" INTNIC_FOUR_INPUTS INTNIC_FOUR_INPUTS INTNIC_FOUR_INPUTS INTNIC_FOUR_INPUTS \
            "2:\n\t"                                                                            \
            "ldr.w %[w0], %[by_sixteen]\n\t"                                                    \
            "cmp %[x], %[w0]\n\t"                                                               \
            "bne.w 1b\n\t"                                                                      \
            "b 4f\n\t"                                                                          \
            ".p2align 2\n"                                                                      \
            "3:\n\t" INTNIC_FOUR_INPUTS                                                        \
            "4:\n\t"                                                                            \
            "ldr.w %[w0], %[end]\n\t"                                                           \
            "cmp %[x], %[w0]\n\t"                                                               \
            "bne.w 3b\n\t"                                                                      \
            : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [s4] "+r"(s4),        \
              [s5] "+r"(s5), [s6] "+r"(s6), [s7] "+r"(s7), [x] "+r"(wide), [w] "+r"(w),         \
              [p] "=&r"(p), [q] "=&r"(q), [w0] "=&r"(w0), [w1] "=&r"(w1)                        \
            : [by_sixteen] "m"(by_sixteen), [end] "m"(end)                                      \
            : "cc", "memory");                                                                  \
    } while (0)
#else
/* Builds without optimisation have no register left for the assembly: the same in C. */
#define INTNIC_ROW(s)                                                                           \
    do {                                                                                        \
        uint32_t word = intnic_load4(w);                                                        \
                                                                                                \
        (s) = __smlad((int16x2_t)word, (int16x2_t)wide[0], (s));                                \
        (s) = __smlad((int16x2_t)intnic_even_bytes(word), (int16x2_t)wide[1], (s));             \
        w += 4;                                                                                 \
    } while (0)
#define INTNIC_EIGHT_ROWS                                                                       \
    do {                                                                                        \
        (void)by_sixteen;                                                                       \
        for (; wide != end; wide += 2) {                                                        \
            INTNIC_ROW(s0);                                                                     \
            INTNIC_ROW(s1);                                                                     \
            INTNIC_ROW(s2);                                                                     \
            INTNIC_ROW(s3);                                                                     \
            INTNIC_ROW(s4);                                                                     \
            INTNIC_ROW(s5);                                                                     \
            INTNIC_ROW(s6);                                                                     \
            INTNIC_ROW(s7);                                                                     \
        }                                                                                       \
    } while (0)
#endif

/* Eight outputs, of which `rows` are stored; returns the weights of the next. */
static INTNIC_NOINLINE const int8_t *intnic_dense_eight(const struct intnic_dense_wide *layer,
                                                        const int8_t *w, const intnic_pair *wide,
                                                        const struct intnic_scale *scale,
                                                        int32_t rows, int8_t *y)
{
    const intnic_pair *by_sixteen = wide + (layer->inputs + 3) / 16 * 8;
    const intnic_pair *end = wide + (layer->inputs + 3) / 4 * 2;
    int32_t s0 = scale[0].bias, s1 = scale[1].bias, s2 = scale[2].bias, s3 = scale[3].bias;
    int32_t s4 = scale[4].bias, s5 = scale[5].bias, s6 = scale[6].bias, s7 = scale[7].bias;

    INTNIC_EIGHT_ROWS;
    if (rows == 8) {
        intnic_store_row(s0, s1, s2, s3, s4, s5, s6, s7, scale, y);
    } else {
        const int32_t sums[8] = { s0, s1, s2, s3, s4, s5, s6, s7 };

        for (int32_t i = 0; i < rows; i++) {
            y[i] = (int8_t)intnic_scale_down(sums[i] >> 8, &scale[i]);
        }
    }
    return w;
}

static void intnic_dense_wide(const struct intnic_dense_wide *layer, const int8_t *x,
                              intnic_pair *wide, int8_t *y)
{
    const int8_t *weights = layer->weights;
    const struct intnic_scale *scale = layer->scales;

    intnic_widen_inputs(x, layer->inputs, wide);
    for (int32_t left = layer->outputs; left > 0; left -= 8) {
        weights = intnic_dense_eight(layer, weights, wide, scale, intnic_min(left, 8), y);
        scale += 8;
        y += 8;
    }
    intnic_limit(y - ((layer->outputs + 7) & ~7), layer->outputs, &layer->range);
}
