/* Two pixels, and of how many windows two words hold the taps. */
typedef int32_t intnic_lane_word;
#define INTNIC_LANE_WINDOWS 4

/* Where words are put. */
static inline intnic_lane_word *intnic_lane_words(int8_t *scratch)
{
    return (intnic_lane_word *)(void *)scratch;
}

#define INTNIC_LANE_WORDS(k)                            \
    do {                                                \
        to[2 * (k)] = x[k] + x1[k] * 65536;             \
        to[2 * (k) + 1] = x2[k] + x3[k] * 65536;        \
    } while (0)

/* `count` taps of four windows, `step` bytes apart. */
static INTNIC_NOINLINE intnic_lane_word *intnic_lane_taps(const int8_t *x, int32_t step,
                                                          int32_t count, intnic_lane_word *to)
{
    const int8_t *x1 = x + step;
    const int8_t *x2 = x1 + step;
    const int8_t *x3 = x2 + step;

    for (; count >= 4; count -= 4) {
        INTNIC_LANE_WORDS(0);
        INTNIC_LANE_WORDS(1);
        INTNIC_LANE_WORDS(2);
        INTNIC_LANE_WORDS(3);
        x += 4;
        x1 += 4;
        x2 += 4;
        x3 += 4;
        to += 8;
    }
    for (; count > 0; count--) {
        INTNIC_LANE_WORDS(0);
        x++;
        x1++;
        x2++;
        x3++;
        to += 2;
    }
    return to;
}

#undef INTNIC_LANE_WORDS
