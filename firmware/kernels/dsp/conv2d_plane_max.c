/*
 * Convolution 3 x 3 of an image of one channel, stride 1, and the largest of each 2 x 2 of its outputs:
 * a larger sum has no smaller code, so one sum of four becomes a code. The four windows share four
 * rows of four pixels; the two in the middle stay in registers while the channels pass by, and a
 * channel's weights are loaded once for all four. Channels are as for `conv2d_plane.c`.
 *
 * A file for one number of outputs and one shift of the codes.
 */
#define INTNIC_PASTE_(a, b, c) a##_##b##_##c
#define INTNIC_PASTE(a, b, c) INTNIC_PASTE_(a, b, c)
#define INTNIC_NAME(name) INTNIC_PASTE(intnic_##name, INTNIC_OUTPUTS, INTNIC_SHIFT)

#ifdef INTNIC_ASSEMBLY
/*
 * Channel n: sums s0 and s1 of the upper windows, s2 and s3 of the lower ones. The outer rows are
 * loaded when it is their turn. In assembly for the registers, and wide, on words.
 */
#define INTNIC_CHANNEL(n)                                                                       \
    "ldr.w %[s0], [%[w], #" n " * %c[words]]\n\t"                                               \
    "ldr.w %[a], [%[w], #" n " * %c[words] + 4]\n\t"                                            \
    "ldr.w %[c], [%[w], #" n " * %c[words] + 12]\n\t"                                           \
    "ldr.w %[even], %[even0]\n\t"                                                               \
    "ldr.w %[odd], %[odd0]\n\t"                                                                 \
    "smlad %[s1], %[odd], %[a], %[s0]\n\t"                                                      \
    "smlad %[s2], %[even1], %[a], %[s0]\n\t"                                                    \
    "smlad %[s3], %[odd1], %[a], %[s0]\n\t"                                                     \
    "smlad %[s0], %[even], %[a], %[s0]\n\t"                                                     \
    "smlabb %[s0], %[odd], %[c], %[s0]\n\t"                                                     \
    "smlatb %[s1], %[even], %[c], %[s1]\n\t"                                                    \
    "smlabb %[s2], %[odd1], %[c], %[s2]\n\t"                                                    \
    "smlatb %[s3], %[even1], %[c], %[s3]\n\t"                                                   \
    "smlabt %[s0], %[odd1], %[c], %[s0]\n\t"                                                    \
    "smlatt %[s1], %[even1], %[c], %[s1]\n\t"                                                   \
    "smlabt %[s2], %[odd2], %[c], %[s2]\n\t"                                                    \
    "smlatt %[s3], %[even2], %[c], %[s3]\n\t"                                                   \
    "ldr.w %[a], [%[w], #" n " * %c[words] + 16]\n\t"                                           \
    "ldr.w %[c], [%[w], #" n " * %c[words] + 20]\n\t"                                           \
    "ldr.w %[even], %[even3]\n\t"                                                               \
    "ldr.w %[odd], %[odd3]\n\t"                                                                 \
    "smlad %[s0], %[even2], %[a], %[s0]\n\t"                                                    \
    "smlad %[s1], %[odd2], %[a], %[s1]\n\t"                                                     \
    "smlad %[s2], %[even], %[a], %[s2]\n\t"                                                     \
    "smlad %[s3], %[odd], %[a], %[s3]\n\t"                                                      \
    "smlabb %[s0], %[odd2], %[c], %[s0]\n\t"                                                    \
    "smlatb %[s1], %[even2], %[c], %[s1]\n\t"                                                   \
    "smlabb %[s2], %[odd], %[c], %[s2]\n\t"                                                     \
    "smlatb %[s3], %[even], %[c], %[s3]\n\t"                                                    \
    "ldr.w %[a], [%[w], #" n " * %c[words] + 8]\n\t"                                            \
    INTNIC_PLANE_CONSTANTS(n)                                                                   \
    "smlad %[s0], %[even1], %[a], %[s0]\n\t"                                                    \
    "smlad %[s1], %[odd1], %[a], %[s1]\n\t"                                                     \
    "smlad %[s2], %[even2], %[a], %[s2]\n\t"                                                    \
    "smlad %[s3], %[odd2], %[a], %[s3]\n\t"                                                     \
    INTNIC_LARGER("s0", "s1") INTNIC_LARGER("s2", "s3") INTNIC_LARGER("s0", "s2")               \
    INTNIC_PLANE_CODE                                                                           \
    "strb.w %[s0], [%[y]], #1\n\t"
#define INTNIC_CHANNELS \
    INTNIC_CHANNEL("0") INTNIC_CHANNEL("1") INTNIC_CHANNEL("2") INTNIC_CHANNEL("3")
#endif

/* All channels of one output, whose windows begin at `x` in each of four rows. */
static INTNIC_NOINLINE void INTNIC_NAME(plane_max)(const struct intnic_conv2d_plane *layer,
                                                   int8_t *const rows[4], int32_t x, int8_t *y)
{
    const int32_t *w = layer->channels;
    const int32_t *end = w + INTNIC_OUTPUTS * INTNIC_PLANE_WORDS;
    uint32_t row0 = intnic_load4(rows[0] + x), row1 = intnic_load4(rows[1] + x);
    uint32_t row2 = intnic_load4(rows[2] + x), row3 = intnic_load4(rows[3] + x);
    /* Columns 0 and 2, and 1 and 3. */
    int32_t even0 = intnic_even_bytes(row0), odd0 = intnic_odd_bytes(row0);
    int32_t even1 = intnic_even_bytes(row1), odd1 = intnic_odd_bytes(row1);
    int32_t even2 = intnic_even_bytes(row2), odd2 = intnic_odd_bytes(row2);
    int32_t even3 = intnic_even_bytes(row3), odd3 = intnic_odd_bytes(row3);
#ifdef INTNIC_ASSEMBLY
    int32_t s0, s1, s2, s3, a, c, even, odd, addend = layer->addend;

    __asm__ volatile(
        ".p2align 2\n"
        "1:\n\t" INTNIC_CHANNELS
        "add.w %[w], %[w], #4 * %c[words]\n\t"
        "ldr.w %[a], %[end]\n\t"
        "cmp.w %[w], %[a]\n\t"
        "bne.w 1b\n\t"
        : [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3), [a] "=&r"(a),
          [c] "=&r"(c), [even] "=&r"(even), [odd] "=&r"(odd), [w] "+&r"(w), [y] "+&r"(y)
        : [even1] "r"(even1), [odd1] "r"(odd1), [even2] "r"(even2), [odd2] "r"(odd2),
          [even0] "m"(even0), [odd0] "m"(odd0), [even3] "m"(even3), [odd3] "m"(odd3),
          [addend] "m"(addend), [end] "m"(end), [words] "i"(4 * INTNIC_PLANE_WORDS),
          [shift] "i"(INTNIC_SHIFT)
        : "cc", "memory");
#else
    /* The same in C: builds without optimisation have no register left for the assembly. */
    for (; w != end; w += INTNIC_PLANE_WORDS) {
        const int32_t even[4] = { even0, even1, even2, even3 };
        const int32_t odd[4] = { odd0, odd1, odd2, odd3 };
        int32_t most = -128;

        for (int32_t i = 0; i < 2; i++) {
            int32_t left = w[0], right = w[0];

            left = __smlad(even[i], w[1], __smlad(even[i + 1], w[2], __smlad(even[i + 2], w[4], left)));
            left = __smlabb(odd[i], w[3], __smlabt(odd[i + 1], w[3], __smlabb(odd[i + 2], w[5], left)));
            right = __smlad(odd[i], w[1], __smlad(odd[i + 1], w[2], __smlad(odd[i + 2], w[4], right)));
            right = __smlatb(even[i], w[3],
                             __smlatt(even[i + 1], w[3], __smlatb(even[i + 2], w[5], right)));
            left = intnic_plane_code(left, w, layer->addend, INTNIC_SHIFT);
            right = intnic_plane_code(right, w, layer->addend, INTNIC_SHIFT);
            most = intnic_max(most, intnic_max(left, right));
        }
        *y++ = (int8_t)most;
    }
#endif
}

static void INTNIC_NAME(conv2d_plane_max)(const struct intnic_conv2d_plane *layer, const int8_t *x,
                                          int8_t *scratch, int8_t *y)
{
    int8_t *to = y;

    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        int8_t *rows[4];

        /* Two of the four are those of the last turn. */
        for (int32_t k = 0; k < 4; k++) {
            rows[k] = scratch + ((2 * oy + k) & 3) * layer->row;
        }
        for (int32_t k = oy == 0 ? 0 : 2; k < 4; k++) {
            intnic_plane_row(layer, x, 2 * oy + k - layer->pad_top, rows[k]);
        }
        for (int32_t ox = 0; ox < layer->out_width; ox++) {
            INTNIC_NAME(plane_max)(layer, rows, 2 * ox, to);
            to += INTNIC_OUTPUTS;
        }
    }
    intnic_limit(y, layer->out_height * layer->out_width * INTNIC_OUTPUTS, &layer->range);
}
#undef INTNIC_CHANNEL
#undef INTNIC_CHANNELS
#undef INTNIC_NAME
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
