/*
 * Convolution 3 x 3 of an image of one channel, stride 1: the windows of two neighbouring pixels are
 * held in six registers while the channels pass by, each a run of words: its bias, the weights of a
 * row's ends in pairs, those of the middle column, and what its code is made by.
 *
 * A file for one number of outputs and one shift of the codes.
 */
#define INTNIC_PASTE_(a, b, c) a##_##b##_##c
#define INTNIC_PASTE(a, b, c) INTNIC_PASTE_(a, b, c)
#define INTNIC_NAME(name) INTNIC_PASTE(intnic_##name, INTNIC_OUTPUTS, INTNIC_SHIFT)

#ifdef INTNIC_ASSEMBLY
/* Channel n for two pixels. In assembly for the registers, and wide, on words. */
#define INTNIC_CHANNEL(n)                                                                       \
    "ldr.w %[s0], [%[w], #" n " * %c[words]]\n\t"                                               \
    "ldr.w %[a], [%[w], #" n " * %c[words] + 4]\n\t"                                            \
    "ldr.w %[b], [%[w], #" n " * %c[words] + 8]\n\t"                                            \
    "ldr.w %[c], [%[w], #" n " * %c[words] + 12]\n\t"                                           \
    "smlad %[s1], %[odd0], %[a], %[s0]\n\t"                                                     \
    "smlad %[s0], %[even0], %[a], %[s0]\n\t"                                                    \
    "smlad %[s1], %[odd1], %[b], %[s1]\n\t"                                                     \
    "smlad %[s0], %[even1], %[b], %[s0]\n\t"                                                    \
    "smlatb %[s1], %[even0], %[c], %[s1]\n\t"                                                   \
    "smlabb %[s0], %[odd0], %[c], %[s0]\n\t"                                                    \
    "smlatt %[s1], %[even1], %[c], %[s1]\n\t"                                                   \
    "smlabt %[s0], %[odd1], %[c], %[s0]\n\t"                                                    \
    "ldr.w %[a], [%[w], #" n " * %c[words] + 16]\n\t"                                           \
    "ldr.w %[b], [%[w], #" n " * %c[words] + 20]\n\t"                                           \
    "ldr.w %[c], [%[w], #" n " * %c[words] + 24]\n\t"                                           \
    "smlad %[s1], %[odd2], %[a], %[s1]\n\t"                                                     \
    "smlad %[s0], %[even2], %[a], %[s0]\n\t"                                                    \
    "smlatb %[s1], %[even2], %[b], %[s1]\n\t"                                                   \
    "smlabb %[s0], %[odd2], %[b], %[s0]\n\t"                                                    \
    INTNIC_PLANE_CODES(n)                                                                       \
    "strb.w %[s1], [%[y], #%c[outputs]]\n\t"                                                    \
    "strb.w %[s0], [%[y]], #1\n\t"
#define INTNIC_FOUR_CHANNELS \
    INTNIC_CHANNEL("0") INTNIC_CHANNEL("1") INTNIC_CHANNEL("2") INTNIC_CHANNEL("3")
#if INTNIC_OUTPUTS % 8 == 0
#define INTNIC_AT_ONCE 8
#define INTNIC_CHANNELS                                                                         \
    INTNIC_FOUR_CHANNELS                                                                        \
    INTNIC_CHANNEL("4") INTNIC_CHANNEL("5") INTNIC_CHANNEL("6") INTNIC_CHANNEL("7")
#else
#define INTNIC_AT_ONCE 4
#define INTNIC_CHANNELS INTNIC_FOUR_CHANNELS
#endif
#endif

/* All channels of two pixels, whose windows begin at `x` in each of three rows. */
static INTNIC_NOINLINE void INTNIC_NAME(plane_two)(const struct intnic_conv2d_plane *layer,
                                                   int8_t *const rows[3], int32_t x, int8_t *y)
{
    const int32_t *w = layer->channels;
    const int32_t *end = w + INTNIC_OUTPUTS * INTNIC_PLANE_WORDS;
    uint32_t row0 = intnic_load4(rows[0] + x);
    uint32_t row1 = intnic_load4(rows[1] + x);
    uint32_t row2 = intnic_load4(rows[2] + x);
    /* Columns 0 and 2, and 1 and 3. */
    int32_t even0 = intnic_even_bytes(row0), odd0 = intnic_odd_bytes(row0);
    int32_t even1 = intnic_even_bytes(row1), odd1 = intnic_odd_bytes(row1);
    int32_t even2 = intnic_even_bytes(row2), odd2 = intnic_odd_bytes(row2);
#ifdef INTNIC_ASSEMBLY
    int32_t s0, s1, a, b, c, d = layer->addend;

    __asm__ volatile(
        ".p2align 2\n"
        "1:\n\t" INTNIC_CHANNELS
        "add.w %[w], %[w], #%c[channels] * %c[words]\n\t"
        "ldr.w %[a], %[end]\n\t"
        "cmp %[w], %[a]\n\t"
        "bne.w 1b\n\t"
        : [s0] "=&r"(s0), [s1] "=&r"(s1), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "+&r"(d),
          [w] "+&r"(w), [y] "+&r"(y)
        : [even0] "r"(even0), [odd0] "r"(odd0), [even1] "r"(even1), [odd1] "r"(odd1),
          [even2] "r"(even2), [odd2] "r"(odd2), [end] "m"(end), [outputs] "i"(INTNIC_OUTPUTS),
          [words] "i"(4 * INTNIC_PLANE_WORDS), [channels] "i"(INTNIC_AT_ONCE), [shift] "i"(INTNIC_SHIFT)
        : "cc", "memory");
#else
    /* The same in C: builds without optimisation have no register left for the assembly. */
    for (; w != end; w += INTNIC_PLANE_WORDS) {
        int32_t s0 = w[0], s1 = w[0];

        s0 = __smlad(even0, w[1], __smlad(even1, w[2], __smlad(even2, w[4], s0)));
        s0 = __smlabb(odd0, w[3], __smlabt(odd1, w[3], __smlabb(odd2, w[5], s0)));
        s1 = __smlad(odd0, w[1], __smlad(odd1, w[2], __smlad(odd2, w[4], s1)));
        s1 = __smlatb(even0, w[3], __smlatt(even1, w[3], __smlatb(even2, w[5], s1)));
        y[INTNIC_OUTPUTS] = (int8_t)intnic_plane_code(s1, w, layer->addend, INTNIC_SHIFT);
        *y++ = (int8_t)intnic_plane_code(s0, w, layer->addend, INTNIC_SHIFT);
    }
#endif
}

static void INTNIC_NAME(conv2d_plane)(const struct intnic_conv2d_plane *layer, const int8_t *x,
                                      int8_t *scratch, int8_t *y)
{
    int8_t *rows[3] = { scratch, scratch + layer->row, scratch + 2 * layer->row };
    int8_t *to = y;

    intnic_plane_row(layer, x, -layer->pad_top, rows[1]);
    intnic_plane_row(layer, x, 1 - layer->pad_top, rows[2]);
    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        int8_t *oldest = rows[0];

        rows[0] = rows[1];
        rows[1] = rows[2];
        rows[2] = oldest;
        intnic_plane_row(layer, x, oy + 2 - layer->pad_top, oldest);
        for (int32_t ox = 0; ox < layer->out_width - 1; ox += 2) {
            INTNIC_NAME(plane_two)(layer, rows, ox, to + ox * INTNIC_OUTPUTS);
        }
        /* A last pixel alone is computed with its neighbour, again. */
        if ((layer->out_width & 1) != 0) {
            INTNIC_NAME(plane_two)(layer, rows, layer->out_width - 2,
                                   to + (layer->out_width - 2) * INTNIC_OUTPUTS);
        }
        to += layer->out_width * INTNIC_OUTPUTS;
    }
    intnic_limit(y, layer->out_height * layer->out_width * INTNIC_OUTPUTS, &layer->range);
}
#undef INTNIC_CHANNEL
#undef INTNIC_FOUR_CHANNELS
#undef INTNIC_CHANNELS
#undef INTNIC_AT_ONCE
#undef INTNIC_NAME
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
