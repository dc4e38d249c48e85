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
 * Inputs count from -128, so that they are not negative; transformed they lie in -12750 .. 17340,
 * weights in -18432 .. 18432: both fit int16. All else is modulo 2^32: times the inverse of 9 it is
 * 64 times the sum, which the generator has proved to fit.
 *
 * A file for one number of input channels (a multiple of four: the others are zeros), outputs,
 * bytes of an image row with so many channels, and the shift of all channels' codes: by that they are
 * made of 9 * 64 times the sums. Where INTNIC_SHIFT is 0 each channel has its own scale, of 64 times the
 * sum.
 */
#define INTNIC_PASTE_(a, b, c, d, e) a##_##b##_##c##_##d##_##e
#define INTNIC_PASTE(a, b, c, d, e) INTNIC_PASTE_(a, b, c, d, e)
#define INTNIC_NAME(name) \
    INTNIC_PASTE(intnic_##name, INTNIC_DEPTH, INTNIC_OUTPUTS, INTNIC_PITCH, INTNIC_SHIFT)

/* Words that hold one tile's element of all input channels, two channels a word. */
#define INTNIC_PAIRS (INTNIC_DEPTH / 2)
/* Words of a block: an element of two tiles by turns, then its sums: of each tile four outputs. */
#define INTNIC_BLOCK (2 * INTNIC_PAIRS + 8)

#ifndef INTNIC_WINOGRAD
#define INTNIC_WINOGRAD
struct intnic_conv2d_winograd {
    const int16_t *weights; /* per four outputs, for each of 36 elements, column by column: pairs */
    const struct intnic_scale *scales;
    int32_t height, width, depth;
    int32_t pad_top, pad_left;
    int32_t out_height, out_width;
    int32_t input_zero; /* counted from -128, as all inputs here */
    struct intnic_range range;
};

/* Where the outputs of a tile go, and, of one that is not all inside the image, where then. */
struct intnic_tile {
    int8_t *y;
    int32_t pitch; /* bytes from one row to the next */
    int8_t *image;
    int32_t rows, columns; /* to be copied to the image */
};

/* 9 times this is 1 modulo 2^32. */
#define INTNIC_NINTH 0x38e38e39u

/*
 * Two values as high * 65536 + low, which can be added, subtracted and shifted as a whole. Where the
 * low one is negative, the high half of the word is one less than the high value.
 */
typedef uint32_t intnic_sum_pair __attribute__((may_alias));

/* Bytes 0 and 2 of a word; compilers do not agree on the type of the intrinsic's argument. */
static inline uint32_t intnic_even_unsigned(uint32_t word)
{
    uint32_t pair;

    __asm__("uxtb16 %0, %1" : "=r"(pair) : "r"(word));
    return pair;
}

/* Bytes 1 and 3; the compiler does not join the rotation to the intrinsic by itself. */
static inline uint32_t intnic_odd_unsigned(uint32_t word)
{
    uint32_t pair;

    __asm__("uxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(word));
    return pair;
}

/* B times a column of six. */
static inline void intnic_transform_six(const uint32_t d[6], uint32_t to[6])
{
    uint32_t a = d[4] - (d[2] << 2);
    uint32_t b = d[3] - (d[1] << 2);
    uint32_t c = d[4] - d[2];
    uint32_t e = d[3] - d[1];

    to[0] = c + ((d[0] - d[2]) << 2);
    to[1] = a + b;
    to[2] = a - b;
    to[3] = c + (e << 1);
    to[4] = c - (e << 1);
    to[5] = d[5] - d[3] - (e << 2);
}

/* Copies pixels of `depth` channels to such of `wide` ones, a multiple of four; the others are 0. */
static INTNIC_NOINLINE void intnic_stage_pixels(const int8_t *x, int32_t count, int32_t depth,
                                                int32_t wide, int8_t *to)
{
    intnic_pair *words = (void *)to;

    if (depth == wide) {
        for (int32_t left = count * depth; left > 0; left -= 4) {
            *words++ = (int32_t)intnic_load4(x);
            x += 4;
        }
        return;
    }
    if (depth == 3) {
        for (; count > 0; count--) {
            *words++ = (uint8_t)x[0] | (uint8_t)x[1] << 8 | (uint8_t)x[2] << 16;
            x += 3;
        }
        return;
    }
    for (; count > 0; count--) {
        for (int32_t c = 0; c < wide; c++) {
            to[c] = c < depth ? x[c] : 0;
        }
        x += depth;
        to += wide;
    }
}

/* What follows has no loops, which the compiler would keep. */
static inline void intnic_store_six(const uint32_t from[6], intnic_sum_pair *to)
{
    to[0] = from[0];
    to[1] = from[1];
    to[2] = from[2];
    to[3] = from[3];
    to[4] = from[4];
    to[5] = from[5];
}

/* Bytes -128 .. 127 to 0 .. 255. */
static inline void intnic_bytes_from_least(uint32_t words[6])
{
    words[0] ^= 0x80808080u;
    words[1] ^= 0x80808080u;
    words[2] ^= 0x80808080u;
    words[3] ^= 0x80808080u;
    words[4] ^= 0x80808080u;
    words[5] ^= 0x80808080u;
}

static inline void intnic_even_of_six(const uint32_t words[6], uint32_t to[6])
{
    to[0] = intnic_even_unsigned(words[0]);
    to[1] = intnic_even_unsigned(words[1]);
    to[2] = intnic_even_unsigned(words[2]);
    to[3] = intnic_even_unsigned(words[3]);
    to[4] = intnic_even_unsigned(words[4]);
    to[5] = intnic_even_unsigned(words[5]);
}

static inline void intnic_odd_of_six(const uint32_t words[6], uint32_t to[6])
{
    to[0] = intnic_odd_unsigned(words[0]);
    to[1] = intnic_odd_unsigned(words[1]);
    to[2] = intnic_odd_unsigned(words[2]);
    to[3] = intnic_odd_unsigned(words[3]);
    to[4] = intnic_odd_unsigned(words[4]);
    to[5] = intnic_odd_unsigned(words[5]);
}

#ifndef INTNIC_ASSEMBLY
/* What is assembly otherwise. */

/* A, transposed, times a column of six. */
static inline void intnic_transform_back(const uint32_t m[6], uint32_t to[4])
{
    uint32_t even = m[1] + m[2], odd = m[1] - m[2];
    uint32_t even2 = m[3] + m[4], odd2 = m[3] - m[4];

    to[0] = m[0] + even + even2;
    to[1] = odd + (odd2 << 1);
    to[2] = even + (even2 << 2);
    to[3] = odd + (odd2 << 3) + (m[5] << 2);
}

/* The code of an output, from 9 * 64 times its sum; see above for what `shift` is. */
static inline int8_t intnic_tile_code(uint32_t value, const struct intnic_scale *scale,
                                      int32_t shift)
{
    if (shift > 0) {
        int32_t sum = (int32_t)(value + (uint32_t)scale->bias);
        int32_t top = (int32_t)((int64_t)sum * scale->multiplier >> 32);

        return (int8_t)intnic_max(intnic_min((top + scale->addend) >> shift, 127), -128);
    }

    int32_t sum = (int32_t)(value * INTNIC_NINTH + (uint32_t)scale->bias);

    return (int8_t)intnic_scale_down_64(sum, scale);
}
#endif

/*
 * Loads six words that lie `pitch` bytes apart. In assembly because a compiler puts other
 * instructions in between: behind another a load takes one cycle, alone two.
 */
#ifdef INTNIC_ASSEMBLY
#define INTNIC_LOAD_SIX(to, from, pitch)                                                        \
    __asm__ volatile(                                                                           \
        "ldr.w %0, [%6]\n\t"                                                                    \
        "ldr.w %1, [%6, #%c7]\n\t"                                                              \
        "ldr.w %2, [%6, #2 * %c7]\n\t"                                                          \
        "ldr.w %3, [%6, #3 * %c7]\n\t"                                                          \
        "ldr.w %4, [%6, #4 * %c7]\n\t"                                                          \
        "ldr.w %5, [%6, #5 * %c7]\n\t"                                                          \
        : "=&r"((to)[0]), "=&r"((to)[1]), "=&r"((to)[2]), "=&r"((to)[3]), "=&r"((to)[4]),       \
          "=r"((to)[5])                                                                         \
        : "r"(from), "i"(pitch)                                                                 \
        : "memory")
#else
#define INTNIC_LOAD_SIX(to, from, pitch)                                                        \
    do {                                                                                        \
        const int8_t *bytes = (const void *)(from);                                             \
                                                                                                \
        for (int32_t n = 0; n < 6; n++) {                                                       \
            (to)[n] = intnic_load4(bytes + n * (pitch));                                        \
        }                                                                                       \
    } while (0)
#endif
#endif

/*
 * Transforms six rows down their columns: `count` times four neighbouring bytes of all six, each
 * time to two runs of six words.
 */
static INTNIC_NOINLINE intnic_sum_pair *INTNIC_NAME(winograd_down)(const int8_t *x, int32_t count,
                                                                   intnic_sum_pair *to)
{
    for (; count > 0; count--) {
        uint32_t words[6], d[6], t[6];

        INTNIC_LOAD_SIX(words, x, INTNIC_PITCH);
        intnic_bytes_from_least(words);
        intnic_even_of_six(words, d);
        intnic_transform_six(d, t);
        intnic_store_six(t, to);
        intnic_odd_of_six(words, d);
        intnic_transform_six(d, t);
        intnic_store_six(t, to + 6);
        to += 12;
        x += 4;
    }
    return to;
}

/* `count` columns of zero points, transformed. */
static intnic_sum_pair *INTNIC_NAME(winograd_blank)(int32_t count, int32_t zero, intnic_sum_pair *to)
{
    for (count *= INTNIC_PAIRS; count > 0; count--) {
        to[0] = to[2] = to[3] = to[4] = to[5] = 0;
        to[1] = (uint32_t)(-6 * zero) * 65537u;
        to += 6;
    }
    return to;
}

/* Transforms a tile along its rows, to one of the two places in the blocks. */
static INTNIC_NOINLINE void INTNIC_NAME(winograd_along)(const intnic_sum_pair *from,
                                                        intnic_sum_pair *block)
{
    for (int32_t k = 0; k < 6; k++) {
        intnic_sum_pair *to = block;

        for (int32_t pair = 0; pair < INTNIC_PAIRS; pair++) {
            uint32_t d[6], t[6];

            INTNIC_LOAD_SIX(d, from, 24 * INTNIC_PAIRS);
            /* Adds 0x8000 to all six results, so that no low half is negative. */
            d[4] += 0x8000u;
            d[5] += 0x8000u;
            intnic_transform_six(d, t);
            to[0] = t[0] ^ 0x8000u;
            to[6 * INTNIC_BLOCK] = t[1] ^ 0x8000u;
            to[12 * INTNIC_BLOCK] = t[2] ^ 0x8000u;
            to[18 * INTNIC_BLOCK] = t[3] ^ 0x8000u;
            to[24 * INTNIC_BLOCK] = t[4] ^ 0x8000u;
            to[30 * INTNIC_BLOCK] = t[5] ^ 0x8000u;
            from += 6;
            to += 2;
        }
        from -= 6 * INTNIC_PAIRS - 1;
        block += INTNIC_BLOCK;
    }
}

/* All channels but four, by the bits of their number. */
#define INTNIC_4 INTNIC_MORE_CHANNELS INTNIC_MORE_CHANNELS
#define INTNIC_8 INTNIC_4 INTNIC_4
#define INTNIC_16 INTNIC_8 INTNIC_8
#define INTNIC_32 INTNIC_16 INTNIC_16
#if (INTNIC_DEPTH - 4) & 4
#define INTNIC_BIT_4 INTNIC_4
#else
#define INTNIC_BIT_4
#endif
#if (INTNIC_DEPTH - 4) & 8
#define INTNIC_BIT_8 INTNIC_8
#else
#define INTNIC_BIT_8
#endif
#if (INTNIC_DEPTH - 4) & 16
#define INTNIC_BIT_16 INTNIC_16
#else
#define INTNIC_BIT_16
#endif
#if (INTNIC_DEPTH - 4) & 32
#define INTNIC_BIT_32 INTNIC_32
#else
#define INTNIC_BIT_32
#endif

/* Multiplies all blocks up to `end` by the weights of four outputs; returns those of the next. */
static INTNIC_NOINLINE const int16_t *INTNIC_NAME(winograd_multiply)(intnic_pair *x,
                                                                     intnic_pair *end,
                                                                     const int16_t *w)
{
#ifdef INTNIC_ASSEMBLY
    int32_t s0, s1, s2, s3, s4, s5, s6, s7, p0, p1, a, b;

    __asm__ volatile(
        ".p2align 2\n"
        "1:\n\t" INTNIC_FIRST_CHANNELS
        INTNIC_BIT_4 INTNIC_BIT_8 INTNIC_BIT_16 INTNIC_BIT_32 INTNIC_LAST_CHANNELS
        "ldr.w %[a], %[end]\n\t"
        "str.w %[s1], [%[x], #4]\n\t"
        "str.w %[s2], [%[x], #8]\n\t"
        "str.w %[s3], [%[x], #12]\n\t"
        "str.w %[s4], [%[x], #16]\n\t"
        "str.w %[s5], [%[x], #20]\n\t"
        "str.w %[s6], [%[x], #24]\n\t"
        "str.w %[s7], [%[x], #28]\n\t"
        "str.w %[s0], [%[x]], #32\n\t"
        "cmp.w %[x], %[a]\n\t"
        "bne.w 1b\n\t"
        : [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3), [s4] "=&r"(s4),
          [s5] "=&r"(s5), [s6] "=&r"(s6), [s7] "=&r"(s7), [x] "+&r"(x), [w] "+&r"(w),
          [p0] "=&r"(p0), [p1] "=&r"(p1), [a] "=&r"(a), [b] "=&r"(b)
        : [end] "m"(end)
        : "cc", "memory");
#else
    /* The same in C: builds without optimisation have no register left for the assembly. */
    while (x != end) {
        const intnic_pair *pairs = (const void *)w;

        for (int32_t i = 0; i < 8; i++) {
            int32_t sum = 0;

            for (int32_t pair = 0; pair < INTNIC_PAIRS; pair++) {
                sum = __smlad((int16x2_t)x[2 * pair + i / 4],
                              (int16x2_t)pairs[4 * pair + i % 4], sum);
            }
            x[2 * INTNIC_PAIRS + i] = sum;
        }
        x += INTNIC_BLOCK;
        w += 8 * INTNIC_PAIRS;
    }
#endif
    return w;
}

#ifdef INTNIC_ASSEMBLY
/* A column of sums to rows. In assembly for its loads and as compilers spill what comes next. */
#define INTNIC_COLUMN_BACK(first)                                                               \
    "ldr.w %[a0], [%[m], #(" first " + 0) * %c[block]]\n\t"                                     \
    "ldr.w %[a1], [%[m], #(" first " + 1) * %c[block]]\n\t"                                     \
    "ldr.w %[a2], [%[m], #(" first " + 2) * %c[block]]\n\t"                                     \
    "ldr.w %[a3], [%[m], #(" first " + 3) * %c[block]]\n\t"                                     \
    "ldr.w %[a4], [%[m], #(" first " + 4) * %c[block]]\n\t"                                     \
    "ldr.w %[a5], [%[m], #(" first " + 5) * %c[block]]\n\t"                                     \
    INTNIC_BACK_SIX                                                                             \
    "str.w %[a1], [%[rows], #24]\n\t"                                                           \
    "str.w %[a2], [%[rows], #48]\n\t"                                                           \
    "str.w %[a5], [%[rows], #72]\n\t"                                                           \
    "str.w %[a0], [%[rows]], #4\n\t"
/* A, transposed, times a0 to a5: to a0, a1, a2 and a5. */
#define INTNIC_BACK_SIX                                                                         \
    "add.w %[a2], %[a1], %[a2]\n\t"                                                             \
    "rsb.w %[a1], %[a2], %[a1], lsl #1\n\t"                                                     \
    "add.w %[a4], %[a3], %[a4]\n\t"                                                             \
    "rsb.w %[a3], %[a4], %[a3], lsl #1\n\t"                                                     \
    "add.w %[a0], %[a0], %[a2]\n\t"                                                             \
    "add.w %[a5], %[a1], %[a5], lsl #2\n\t"                                                     \
    "add.w %[a2], %[a2], %[a4], lsl #2\n\t"                                                     \
    "add.w %[a1], %[a1], %[a3], lsl #1\n\t"                                                     \
    "add.w %[a0], %[a0], %[a4]\n\t"                                                             \
    "add.w %[a5], %[a5], %[a3], lsl #3\n\t"
/* Two codes from 9 * 64 times their sums. */
#if INTNIC_SHIFT
/* Times A a row's second value is added to all results. */
#define INTNIC_ROW_BIAS "add.w %[a1], %[a1], %[bias]\n\t"
#define INTNIC_TILE_CODES(u, v)                                                                 \
    "smmla %[" u "], %[" u "], %[m], %[addend]\n\t"                                             \
    "smmla %[" v "], %[" v "], %[m], %[addend]\n\t"                                             \
    "ssat %[" u "], #8, %[" u "], asr #%c[shift]\n\t"                                           \
    "ssat %[" v "], #8, %[" v "], asr #%c[shift]\n\t"
#else
#define INTNIC_ROW_BIAS
#define INTNIC_TILE_CODES(u, v)                                                                 \
    "mla %[" u "], %[" u "], %[ninth], %[bias]\n\t"                                             \
    "mla %[" v "], %[" v "], %[ninth], %[bias]\n\t"                                             \
    INTNIC_SCALE_64(u, v, "a3", "a4")                                                           \
    "ssat %[" u "], #8, %[" u "]\n\t"                                                           \
    "ssat %[" v "], #8, %[" v "]\n\t"
#endif
#endif

/* Transforms one tile's sums of up to four outputs back, and writes their codes. */
static INTNIC_NOINLINE void INTNIC_NAME(winograd_back)(const struct intnic_conv2d_winograd *layer,
                                                       const intnic_pair *sums, int32_t o,
                                                       const struct intnic_tile *tile)
{
    const struct intnic_scale *scale = layer->scales + o;

    for (int32_t end = intnic_min(o + 4, INTNIC_OUTPUTS); o < end; o++) {
        int8_t *y = tile->y + o;
        uint32_t rows[4][6];

#ifdef INTNIC_ASSEMBLY
        {
            const intnic_pair *m = sums;
            uint32_t *to = rows[0];
            int32_t count = 3, a0, a1, a2, a3, a4, a5;

            __asm__ volatile(
                ".p2align 2\n"
                "1:\n\t" INTNIC_COLUMN_BACK("0") INTNIC_COLUMN_BACK("6")
                "add.w %[m], %[m], #12 * %c[block]\n\t"
                "subs.w %[count], %[count], #1\n\t"
                "bne.w 1b\n\t"
                : [m] "+&r"(m), [rows] "+&r"(to), [count] "+&r"(count), [a0] "=&r"(a0),
                  [a1] "=&r"(a1), [a2] "=&r"(a2), [a3] "=&r"(a3), [a4] "=&r"(a4), [a5] "=&r"(a5)
                : [block] "i"(4 * INTNIC_BLOCK)
                : "cc", "memory");
        }
        {
            const uint32_t *from = rows[0];
            /* Shifts look at the lowest byte only; the others count rows. */
            int32_t right = scale->right + (3 << 8), a0, a1, a2, a3, a4, a5;

            __asm__ volatile(
                ".p2align 2\n"
                "1:\n\t"
                "ldr.w %[a1], [%[rows], #4]\n\t"
                "ldr.w %[a2], [%[rows], #8]\n\t"
                "ldr.w %[a3], [%[rows], #12]\n\t"
                "ldr.w %[a4], [%[rows], #16]\n\t"
                "ldr.w %[a5], [%[rows], #20]\n\t"
                "ldr.w %[a0], [%[rows]], #24\n\t"
                INTNIC_ROW_BIAS INTNIC_BACK_SIX
                INTNIC_TILE_CODES("a0", "a1")
                "strb.w %[a0], [%[y]]\n\t"
                "strb.w %[a1], [%[y], #%c[next]]\n\t"
                INTNIC_TILE_CODES("a2", "a5")
                "strb.w %[a2], [%[y], #2 * %c[next]]\n\t"
                "strb.w %[a5], [%[y], #3 * %c[next]]\n\t"
                "subs.w %[right], %[right], #1 << 8\n\t"
                "add.w %[y], %[y], %[pitch]\n\t"
                "bcs.w 1b\n\t"
                : [rows] "+&r"(from), [y] "+&r"(y), [right] "+&r"(right), [a0] "=&r"(a0),
                  [a1] "=&r"(a1), [a2] "=&r"(a2), [a3] "=&r"(a3), [a4] "=&r"(a4), [a5] "=&r"(a5)
                : [pitch] "r"(tile->pitch), [ninth] "r"(INTNIC_NINTH), [bias] "r"(scale->bias),
                  [m] "r"(scale->multiplier), [addend] "r"(scale->addend),
                  [next] "i"(INTNIC_OUTPUTS), [shift] "i"(INTNIC_SHIFT)
                : "cc", "memory");
        }
#else
        for (int32_t i = 0; i < 6; i++) {
            uint32_t m[6], t[4];

            INTNIC_LOAD_SIX(m, sums + 6 * i * INTNIC_BLOCK, 4 * INTNIC_BLOCK);
            intnic_transform_back(m, t);
            for (int32_t k = 0; k < 4; k++) {
                rows[k][i] = t[k];
            }
        }
        for (int32_t k = 0; k < 4; k++) {
            uint32_t t[4];

            intnic_transform_back(rows[k], t);
            for (int32_t i = 0; i < 4; i++) {
                y[i * INTNIC_OUTPUTS] = intnic_tile_code(t[i], scale, INTNIC_SHIFT);
            }
            y += tile->pitch;
        }
#endif
        scale++;
        sums++;
    }
}

/* All outputs of the tiles in the blocks. */
static void INTNIC_NAME(winograd_tiles)(const struct intnic_conv2d_winograd *layer,
                                        intnic_pair *blocks, const struct intnic_tile *tiles,
                                        int32_t count)
{
    const int16_t *w = layer->weights;

    for (int32_t o = 0; o < INTNIC_OUTPUTS; o += 4) {
        w = INTNIC_NAME(winograd_multiply)(blocks, blocks + 36 * INTNIC_BLOCK, w);
        for (int32_t i = 0; i < count; i++) {
            INTNIC_NAME(winograd_back)(layer, blocks + 2 * INTNIC_PAIRS + 4 * i, o, &tiles[i]);
        }
    }
    for (; count > 0; count--) {
        int8_t *to = tiles->image;

        for (int32_t row = 0; row < tiles->rows; row++) {
            intnic_copy(tiles->y + row * tiles->pitch, tiles->columns * INTNIC_OUTPUTS, to);
            to += layer->out_width * INTNIC_OUTPUTS;
        }
        tiles++;
    }
}

/* Six image rows from `top` on, transformed down their columns, with the padding left and right. */
static void INTNIC_NAME(winograd_rows)(const struct intnic_conv2d_winograd *layer, const int8_t *x,
                                       int32_t top, int8_t *staged, intnic_sum_pair *to)
{
    int32_t columns = (layer->out_width + 3) / 4 * 4 + 2;

    if (layer->depth == INTNIC_DEPTH && top >= 0 && top + 6 <= layer->height) {
        x += top * INTNIC_PITCH;
    } else {
        int8_t *row = staged;

        for (int32_t iy = top; iy < top + 6; iy++) {
            if (iy >= 0 && iy < layer->height) {
                intnic_stage_pixels(x + iy * layer->width * layer->depth, layer->width,
                                    layer->depth, INTNIC_DEPTH, row);
            } else {
                intnic_fill(layer->input_zero - 128, INTNIC_PITCH, row);
            }
            row += INTNIC_PITCH;
        }
        x = staged;
    }
    to = INTNIC_NAME(winograd_blank)(layer->pad_left, layer->input_zero, to);
    to = INTNIC_NAME(winograd_down)(x, INTNIC_PITCH / 4, to);
    columns -= layer->pad_left + layer->width;
    INTNIC_NAME(winograd_blank)(columns, layer->input_zero, to);
}

/*
 * The scratch bytes hold the transformed columns of a row of tiles, the blocks, six rows of the
 * image, and the outputs of two tiles that reach beyond the image.
 */
static void INTNIC_NAME(conv2d_winograd)(const struct intnic_conv2d_winograd *layer,
                                         const int8_t *x, int8_t *scratch, int8_t *y)
{
    int32_t across = (layer->out_width + 3) / 4;
    intnic_sum_pair *columns = (void *)scratch;
    intnic_pair *blocks = (void *)(columns + (4 * across + 2) * 6 * INTNIC_PAIRS);
    int8_t *staged = (void *)(blocks + 36 * INTNIC_BLOCK);
    int8_t *parts = staged + 6 * INTNIC_PITCH;
    int32_t pitch = layer->out_width * INTNIC_OUTPUTS;
    struct intnic_tile tiles[2];
    int32_t count = 0;

    for (int32_t oy = 0; oy < layer->out_height; oy += 4) {
        INTNIC_NAME(winograd_rows)(layer, x, oy - layer->pad_top, staged, columns);
        for (int32_t ox = 0; ox < layer->out_width; ox += 4) {
            struct intnic_tile *tile = &tiles[count];

            tile->y = tile->image = y + oy * pitch + ox * INTNIC_OUTPUTS;
            tile->pitch = pitch;
            tile->rows = 0;
            if (oy + 4 > layer->out_height || ox + 4 > layer->out_width) {
                tile->y = parts + count * 16 * INTNIC_OUTPUTS;
                tile->pitch = 4 * INTNIC_OUTPUTS;
                tile->rows = intnic_min(layer->out_height - oy, 4);
                tile->columns = intnic_min(layer->out_width - ox, 4);
            }
            INTNIC_NAME(winograd_along)(columns + ox * 6 * INTNIC_PAIRS,
                                        (intnic_sum_pair *)blocks + count);
            if (++count == 2) {
                INTNIC_NAME(winograd_tiles)(layer, blocks, tiles, 2);
                count = 0;
            }
        }
    }
    if (count > 0) {
        INTNIC_NAME(winograd_tiles)(layer, blocks, tiles, 1);
    }
    intnic_limit(y, layer->out_height * pitch, &layer->range);
}
#undef INTNIC_PASTE_
#undef INTNIC_PASTE
#undef INTNIC_NAME
#undef INTNIC_PAIRS
#undef INTNIC_BLOCK
#undef INTNIC_4
#undef INTNIC_8
#undef INTNIC_16
#undef INTNIC_32
#undef INTNIC_BIT_4
#undef INTNIC_BIT_8
#undef INTNIC_BIT_16
#undef INTNIC_BIT_32
#undef INTNIC_COLUMN_BACK
#undef INTNIC_BACK_SIX
#undef INTNIC_ROW_BIAS
#undef INTNIC_TILE_CODES
