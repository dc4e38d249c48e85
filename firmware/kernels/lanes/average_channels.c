/* Taps whose sums of unsigned bytes stay in 16 bits. */
#define INTNIC_TAPS_OF_16_BITS 257

/* Four codes, which are no integers to compilers that track types. */
#if defined(__GNUC__)
typedef uint32_t intnic_average_word __attribute__((may_alias));
#else
typedef uint32_t intnic_average_word;
#endif

/*
 * Sums of four channels, with 128 added to every code so that none has a sign: of channels 0 and 2 in
 * the halves of a word, and 1 + 2^8 * 2 + 2^16 * 3.
 */
struct intnic_average_sums {
    uint32_t even, shifted;
};

static inline void intnic_average_add(struct intnic_average_sums *sums, const int8_t *x)
{
    uint32_t word = *(const intnic_average_word *)(const void *)x ^ 0x80808080u;

    sums->even += word & 0x00ff00ffu;
    sums->shifted += word >> 8;
}

/* The averages of four channels, of whose sums what was added is not yet taken away. */
static inline void intnic_average_four(const struct intnic_average *window, int32_t start,
                                       const struct intnic_average_sums *sums, int8_t *y)
{
    uint32_t odd = sums->shifted - (sums->even >> 16 << 8);

    y[0] = intnic_average_of(window, start + (int32_t)(sums->even & 0xffffu));
    y[1] = intnic_average_of(window, start + (int32_t)(odd & 0xffffu));
    y[2] = intnic_average_of(window, start + (int32_t)(sums->even >> 16));
    y[3] = intnic_average_of(window, start + (int32_t)(odd >> 16));
}

/* Averages of a window of so many taps for 16 channels at once, all of whose words are aligned. */
static INTNIC_NOINLINE void intnic_average16(const struct intnic_average *window, int32_t rows,
                                    int32_t columns, const int8_t *x, int8_t *y)
{
    struct intnic_average_sums a = { 0, 0 };
    struct intnic_average_sums b = { 0, 0 };
    struct intnic_average_sums c = { 0, 0 };
    struct intnic_average_sums d = { 0, 0 };
    int32_t start = window->start - 128 * rows * columns;
    int32_t column = window->column;

    for (; rows > 0; rows--) {
        const int8_t *end = x + columns * column;

        for (const int8_t *tap = x; tap != end; tap += column) {
            intnic_average_add(&a, tap);
            intnic_average_add(&b, tap + 4);
            intnic_average_add(&c, tap + 8);
            intnic_average_add(&d, tap + 12);
        }
        x += window->row;
    }
    intnic_average_four(window, start, &a, y);
    intnic_average_four(window, start, &b, y + 4);
    intnic_average_four(window, start, &c, y + 8);
    intnic_average_four(window, start, &d, y + 12);
}

/* Averages of one window for all channels. */
static void intnic_average_channels(const struct intnic_average *window, const int8_t *x,
                                    int32_t depth, int8_t *y)
{
    int32_t rows = window->rows;
    int32_t columns = window->columns;

    /* Rows without anything between them are one. */
    if (window->row == columns * window->column) {
        columns *= rows;
        rows = 1;
    }
    if (rows * columns <= INTNIC_TAPS_OF_16_BITS &&
        (((uintptr_t)x | (uintptr_t)depth) & 3) == 0) {
        for (; depth >= 16; depth -= 16) {
            intnic_average16(window, rows, columns, x, y);
            x += 16;
            y += 16;
        }
    }
    for (; depth > 0; depth--) {
        *y++ = intnic_average1(window, x++);
    }
}
