/*
 * Convolution by bands: what one line of outputs, a row or a column, sees of the image is widened to
 * int16 and laid out such that every window is one run of memory, and the next one lies INTNIC_PITCH
 * bytes further. Four pixels and two channels are computed at once, two taps an SMLAD; three pixels
 * at the end of lines that four do not divide.
 *
 * With a max pool (INTNIC_POOLED) the four are those of one of its windows, of which the largest sum
 * becomes a code.
 *
 * A file for one such line: pixels of the output are INTNIC_PITCH bytes of the band apart, those that
 * are computed at once INTNIC_AT_1 and so on from the first, their codes INTNIC_STEP. Weights have
 * INTNIC_BITS; INTNIC_ROUND pairs of taps are written out, of a window's INTNIC_PAIRS, which lie in
 * INTNIC_WINDOW bytes, INTNIC_SKIP of them to be left out behind each round. There are INTNIC_FOURS
 * times four pixels and INTNIC_THREES times three. INTNIC_SHIFT is that of all channels' codes, or 0
 * where every channel has its own. Weights of int8 may be joined, INTNIC_JOINED: as 256 times the
 * second channel's and the first one's they take one unpacking less.
 */
#define INTNIC_JOIN_(name, kind) intnic_##name##_##kind
#define INTNIC_JOIN(name, kind) INTNIC_JOIN_(name, kind)
#define INTNIC_NAME(name) INTNIC_JOIN(name, INTNIC_KIND)

#ifndef INTNIC_BAND
#define INTNIC_BAND
/*
 * What follows is in assembly because all fourteen registers are in use and a compiler spills, which
 * costs a third. All instructions are wide and lie on words, so that none waits for its second half.
 * Sums s0, s2, s4, s6 are those of the first channel. The pixels' taps are in m and c, the weights
 * in r and t, until those hold what codes are made by.
 */

/*
 * Weights of both channels for two taps: loads, to be put among others, and what makes weights of
 * what they load.
 */
#define INTNIC_OF_INT16(of) \
    of("ldr.w %[t], [%[w], #4]\n\t", "ldr.w %[r], [%[w]], #8\n\t", "")
#define INTNIC_OF_JOINED(of) of("ldr.w %[t], [%[w]], #4\n\t", "", "sxtb16 %[r], %[t]\n\t")
#define INTNIC_OF_INT8(of) \
    of("ldr.w %[t], [%[w]], #4\n\t", "", "sxtb16 %[r], %[t]\n\tsxtb16 %[t], %[t], ror #8\n\t")

/* The second channel's sum from 256 times that and the first one's. */
#define INTNIC_SEPARATE(first, second)                                                          \
    "sub.w %[" second "], %[" second "], %[" first "]\n\t"                                      \
    "asr.w %[" second "], %[" second "], #8\n\t"

/* Text as often as a number's bits say. */
#define INTNIC_TWICE(text) text text
#define INTNIC_TIMES_4(text) INTNIC_TWICE(text) INTNIC_TWICE(text)
#define INTNIC_TIMES_8(text) INTNIC_TIMES_4(text) INTNIC_TIMES_4(text)
#define INTNIC_TIMES_16(text) INTNIC_TIMES_8(text) INTNIC_TIMES_8(text)

/* Codes of both channels of up to four pixels, the first pixel's last. */
#define INTNIC_STORE(s, pixel, channel)                                                         \
    INTNIC_BAND_CODE(s) "strb.w %[" s "], [%[x], #" pixel " * %c[step] + " channel "]\n\t"
#define INTNIC_STORE_4(a, b, c, d, channel)                                                     \
    INTNIC_STORE(d, "3", channel) INTNIC_STORE(c, "2", channel) INTNIC_STORE(b, "1", channel)   \
    INTNIC_STORE(a, "0", channel)
#define INTNIC_STORE_3(a, b, c, channel)                                                        \
    INTNIC_STORE(c, "2", channel) INTNIC_STORE(b, "1", channel) INTNIC_STORE(a, "0", channel)
#define INTNIC_STORE_BOTH_4                                                                     \
    INTNIC_STORE_4("s0", "s2", "s4", "s6", "0") INTNIC_BAND_NEXT                                \
    INTNIC_STORE_4("s1", "s3", "s5", "s7", "1")
#define INTNIC_STORE_BOTH_3                                                                     \
    INTNIC_STORE_3("s0", "s2", "s4", "0") INTNIC_BAND_NEXT                                      \
    INTNIC_STORE_3("s1", "s3", "s5", "1")

/* The code of the largest of four: a larger sum has no smaller code. */
#define INTNIC_STORE_MOST(a, b, c, d, channel)                                                  \
    INTNIC_LARGER(a, b) INTNIC_LARGER(c, d) INTNIC_LARGER(a, c) INTNIC_STORE(a, "0", channel)
#define INTNIC_STORE_BOTH_MOST                                                                  \
    INTNIC_STORE_MOST("s0", "s2", "s4", "s6", "0") INTNIC_BAND_NEXT                             \
    INTNIC_STORE_MOST("s1", "s3", "s5", "s7", "1")

/* All channels of some pixels. */
#define INTNIC_BAND_CHANNELS(taps, store)                                                       \
    __asm__ volatile(                                                                           \
        ".p2align 2\n"                                                                          \
        "1:\n\t"                                                                                \
        "ldr.w %[x], %[band]\n\t"                                                               \
        "ldr.w %[s1], [%[w], #4]\n\t"                                                           \
        "ldr %[s0], [%[w]], #8\n\t" taps INTNIC_BAND_SEPARATE                                   \
        "ldr.w %[x], %[y]\n\t"                                                                  \
        INTNIC_BAND_CONSTANTS store                                                             \
        "add.w %[x], %[x], #2\n\t"                                                              \
        "str.w %[x], %[y]\n\t"                                                                  \
        "ldr.w %[m], %[stop]\n\t"                                                               \
        "cmp.w %[w], %[m]\n\t"                                                                  \
        "bne.w 1b\n\t"                                                                          \
        : [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3), [s4] "=&r"(s4),       \
          [s5] "=&r"(s5), [s6] "=&r"(s6), [s7] "=&r"(s7), [x] "=&r"(x), [w] "+&r"(w),            \
          [m] "=&r"(m), [c] "=&r"(c), [r] "=&r"(r), [t] "=&r"(t), [y] "+m"(y)                   \
        : [band] "m"(band), [stop] "m"(stop), [end] "m"(end), [at1] "i"(INTNIC_AT_1),           \
          [at2] "i"(INTNIC_AT_2), [at3] "i"(INTNIC_AT_3), [skip] "i"(INTNIC_SKIP),              \
          [pair] "i"(INTNIC_BITS / 2),                                                          \
          [step] "i"(INTNIC_STEP), [shift] "i"(INTNIC_SHIFT)                                    \
        : "cc", "memory")

#ifndef INTNIC_ASSEMBLY
/* Builds without optimisation have no register left for the assembly, and take this. */

/* Weight of tap 0 or 1 of two, of one of two channels; or as it is joined to the other's. */
static inline int32_t intnic_band_weight(const int32_t *words, int32_t bits, int32_t channel, int32_t tap)
{
    if (bits == 8) {
        return (int8_t)((uint32_t)words[0] >> (16 * tap + 8 * channel));
    }
    return (int16_t)((uint32_t)words[channel] >> (16 * tap));
}

/* The code of a sum by a shift that all channels have in common. */
static inline int32_t intnic_band_code(int32_t sum, int32_t multiplier, int32_t addend, int32_t right)
{
    int32_t code = ((int32_t)(((int64_t)sum * multiplier) >> 32) + addend) >> right;

    return intnic_max(intnic_min(code, 127), -128);
}
#endif
#endif

#if INTNIC_SHIFT
#define INTNIC_SCALE_WORDS 2
#define INTNIC_BAND_CONSTANTS "ldr.w %[c], [%[w], #4]\n\tldr %[m], [%[w]], #16\n\t"
#define INTNIC_BAND_NEXT "ldr.w %[c], [%[w], #-4]\n\tldr.w %[m], [%[w], #-8]\n\t"
#define INTNIC_BAND_CODE(s)                                                                     \
    "smmla %[" s "], %[" s "], %[m], %[c]\n\t"                                                  \
    "ssat %[" s "], #8, %[" s "], asr #%c[shift]\n\t"
#define INTNIC_BAND_SCALE(sum, w) intnic_band_code(sum, (w)[0], (w)[1], INTNIC_SHIFT)
#else
#define INTNIC_SCALE_WORDS 3
#define INTNIC_BAND_CONSTANTS \
    "ldr.w %[c], [%[w], #4]\n\tldr.w %[r], [%[w], #8]\n\tldr %[m], [%[w]], #24\n\t"
#define INTNIC_BAND_NEXT \
    "ldr.w %[m], [%[w], #-12]\n\tldr.w %[c], [%[w], #-8]\n\tldr.w %[r], [%[w], #-4]\n\t"
#define INTNIC_BAND_CODE(s) INTNIC_SCALE(s)
#define INTNIC_BAND_SCALE(sum, w) \
    intnic_scale_down(sum, &(const struct intnic_scale){ 0, (w)[0], (w)[1], (w)[2] })
#endif

#if INTNIC_BITS == 16
#define INTNIC_PAIR(of) INTNIC_OF_INT16(of)
#elif INTNIC_JOINED
#define INTNIC_PAIR(of) INTNIC_OF_JOINED(of)
#else
#define INTNIC_PAIR(of) INTNIC_OF_INT8(of)
#endif
#if INTNIC_JOINED
#define INTNIC_BAND_SEPARATE                                                                    \
    INTNIC_SEPARATE("s0", "s1") INTNIC_SEPARATE("s2", "s3") INTNIC_SEPARATE("s4", "s5")         \
    INTNIC_SEPARATE("s6", "s7")
#else
#define INTNIC_BAND_SEPARATE
#endif

/* Of a column for two windows below each other, one does not see all rows. */
#if INTNIC_SKIP
#define INTNIC_SKIP_ROWS "add.w %[x], %[x], #%c[skip]\n\t" INTNIC_SKIPPED
#else
#define INTNIC_SKIP_ROWS
#endif

/* A window's taps are written out as a whole, or in rounds. */
#if INTNIC_ROUND == INTNIC_PAIRS
#define INTNIC_REPEATED (INTNIC_ROUND - INTNIC_FIRST_PAIRS)
#define INTNIC_TAPS(pixels)                                                                     \
    INTNIC_PAIR(INTNIC_FIRST_##pixels) INTNIC_REPEAT(INTNIC_PAIR(INTNIC_##pixels))              \
    INTNIC_PAIR(INTNIC_BEHIND)
#else
#define INTNIC_REPEATED INTNIC_ROUND
#define INTNIC_TAPS(pixels)                                                                     \
    INTNIC_PAIR(INTNIC_BEGIN_##pixels)                                                          \
    "2:\n\t" INTNIC_REPEAT(INTNIC_PAIR(INTNIC_##pixels)) INTNIC_SKIP_ROWS                       \
    "ldr.w %[" INTNIC_FREE_##pixels "], %[end]\n\t"                                             \
    "cmp.w %[x], %[" INTNIC_FREE_##pixels "]\n\t"                                               \
    "bne.w 2b\n\t" INTNIC_PAIR(INTNIC_BEHIND)
#endif
#if INTNIC_REPEATED & 1
#define INTNIC_BIT_1(text) text
#else
#define INTNIC_BIT_1(text)
#endif
#if INTNIC_REPEATED & 2
#define INTNIC_BIT_2(text) INTNIC_TWICE(text)
#else
#define INTNIC_BIT_2(text)
#endif
#if INTNIC_REPEATED & 4
#define INTNIC_BIT_4(text) INTNIC_TIMES_4(text)
#else
#define INTNIC_BIT_4(text)
#endif
#if INTNIC_REPEATED & 8
#define INTNIC_BIT_8(text) INTNIC_TIMES_8(text)
#else
#define INTNIC_BIT_8(text)
#endif
#if INTNIC_REPEATED & 16
#define INTNIC_BIT_16(text) INTNIC_TIMES_16(text)
#else
#define INTNIC_BIT_16(text)
#endif
#define INTNIC_REPEAT(text) \
    INTNIC_BIT_1(text) INTNIC_BIT_2(text) INTNIC_BIT_4(text) INTNIC_BIT_8(text) INTNIC_BIT_16(text)

#ifdef INTNIC_ASSEMBLY
#define INTNIC_BAND_FUNCTION(pixels, taps, store)                                               \
    static INTNIC_NOINLINE void INTNIC_NAME(band_##pixels)(                                     \
        const struct intnic_conv2d_band *layer, const int16_t *band, int8_t *y)                 \
    {                                                                                           \
        const int32_t *w = layer->weights;                                                      \
        const int32_t *stop = layer->end;                                                       \
        const int16_t *x, *end = band + INTNIC_WINDOW / 2;                                      \
        int32_t s0, s1, s2, s3, s4, s5, s6, s7, m, c, r, t;                                     \
                                                                                                \
        INTNIC_BAND_CHANNELS(taps, store);                                                      \
    }
#else
#define INTNIC_BAND_FUNCTION(pixels, taps, store)                                               \
    static void INTNIC_NAME(band_##pixels)(const struct intnic_conv2d_band *layer,              \
                                           const int16_t *band, int8_t *y)                      \
    {                                                                                           \
        for (const int32_t *w = layer->weights; w != layer->end; w += INTNIC_PAIR_WORDS) {      \
            INTNIC_NAME(band_two)(w, (pixels) - 1, band, y);                                    \
            y += 2;                                                                             \
        }                                                                                       \
    }

/* Words of two channels. */
#define INTNIC_PAIR_WORDS (2 + INTNIC_PAIRS * (INTNIC_BITS / 8) + 2 * INTNIC_SCALE_WORDS)

/* The codes of two channels of some pixels, the last one first. */
static void INTNIC_NAME(band_two)(const int32_t *words, int32_t pixel, const int16_t *band, int8_t *y)
{
    static const int32_t at[4] = { 0, INTNIC_AT_1, INTNIC_AT_2, INTNIC_AT_3 };
    int32_t codes[2], most[2] = { -128, -128 };

    for (; pixel >= 0; pixel--) {
        const int16_t *x = band + at[pixel] / 2;
        const int32_t *w = words + 2;
        int32_t sums[2] = { words[0], words[1] };

        for (int32_t pair = 0; pair < INTNIC_PAIRS; pair++) {
            for (int32_t i = 0; i < 4; i++) {
#if INTNIC_JOINED
                int32_t weight = intnic_band_weight(w, i / 2 == 0 ? 8 : 16, 0, i % 2);
#else
                int32_t weight = intnic_band_weight(w, INTNIC_BITS, i / 2, i % 2);
#endif

                sums[i / 2] += x[i % 2] * weight;
            }
            w += INTNIC_BITS / 8;
            x += 2;
            if ((pair + 1) % INTNIC_ROUND == 0) {
                x += INTNIC_SKIP / 2;
            }
        }
#if INTNIC_JOINED
        sums[1] = (sums[1] - sums[0]) >> 8;
#endif
        for (int32_t i = 0; i < 2; i++) {
            codes[i] = INTNIC_BAND_SCALE(sums[i], w + i * INTNIC_SCALE_WORDS);
            most[i] = intnic_max(most[i], codes[i]);
            y[pixel * INTNIC_STEP + i] = (int8_t)(INTNIC_POOLED ? most[i] : codes[i]);
        }
    }
}
#endif

#if INTNIC_POOLED
INTNIC_BAND_FUNCTION(4, INTNIC_TAPS(FOUR), INTNIC_STORE_BOTH_MOST)
#elif INTNIC_FOURS
INTNIC_BAND_FUNCTION(4, INTNIC_TAPS(FOUR), INTNIC_STORE_BOTH_4)
#endif
#if INTNIC_THREES
INTNIC_BAND_FUNCTION(3, INTNIC_TAPS(THREE), INTNIC_STORE_BOTH_3)
#endif

/* All codes of one line. Its last pixels may be computed twice. */
static void INTNIC_NAME(band_line)(const struct intnic_conv2d_band *layer, const int16_t *band,
                                   int8_t *y)
{
    int32_t pixel = 0;

#if INTNIC_FOURS
    for (int32_t left = INTNIC_FOURS; left > 0; left--) {
        pixel = intnic_min(pixel, layer->last);
        INTNIC_NAME(band_4)(layer, band + pixel * (INTNIC_PITCH / 2), y + pixel * layer->step);
        pixel += INTNIC_POOLED ? 1 : 4;
    }
#endif
#if INTNIC_THREES
    for (int32_t left = INTNIC_THREES; left > 0; left--) {
        pixel = intnic_min(pixel, layer->last);
        INTNIC_NAME(band_3)(layer, band + pixel * (INTNIC_PITCH / 2), y + pixel * layer->step);
        pixel += layer->advance;
    }
#endif
}

static void INTNIC_NAME(conv2d_band)(const struct intnic_conv2d_band *layer, const int8_t *x,
                                     int16_t *band, int8_t *y)
{
    for (int32_t line = 0; line < layer->lines; line++) {
        intnic_make_band(layer, x, line * layer->stride_across - layer->pad_across, band);
        INTNIC_NAME(band_line)(layer, band, y + line * layer->line);
    }
    intnic_limit(y, layer->codes, &layer->range);
}
#undef INTNIC_JOIN_
#undef INTNIC_JOIN
#undef INTNIC_NAME
#undef INTNIC_SCALE_WORDS
#undef INTNIC_BAND_CONSTANTS
#undef INTNIC_BAND_NEXT
#undef INTNIC_BAND_CODE
#undef INTNIC_BAND_SCALE
#undef INTNIC_PAIR
#undef INTNIC_PAIR_WORDS
#undef INTNIC_SKIP_ROWS
#undef INTNIC_BAND_SEPARATE
#undef INTNIC_REPEATED
#undef INTNIC_TAPS
#undef INTNIC_BIT_1
#undef INTNIC_BIT_2
#undef INTNIC_BIT_4
#undef INTNIC_BIT_8
#undef INTNIC_BIT_16
#undef INTNIC_REPEAT
#undef INTNIC_BAND_FUNCTION
