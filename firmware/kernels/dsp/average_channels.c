#include <arm_acle.h>

/* Taps whose sums stay in 16 bits. */
#define INTNIC_TAPS_OF_16_BITS 255

/* Sums of two channels, in the halves of a word. */
typedef int16x2_t intnic_sums;

/* The bytes 1 and 3 of a word added; the compiler does not join the rotation to the intrinsic. */
static inline intnic_sums intnic_add_odd(intnic_sums sums, uint32_t word)
{
    __asm__("sxtab16 %0, %0, %1, ror #8" : "+r"(sums) : "r"(word));
    return sums;
}

/* The averages of four channels: 0 and 2, 1 and 3. */
static inline void intnic_average_four(const struct intnic_average *window, intnic_sums even,
                                       intnic_sums odd, int8_t *y)
{
    y[0] = intnic_average_of(window, (int16_t)even);
    y[1] = intnic_average_of(window, (int16_t)odd);
    y[2] = intnic_average_of(window, even >> 16);
    y[3] = intnic_average_of(window, odd >> 16);
}

/* Averages of one window for eight channels at once. */
static inline void intnic_average8(const struct intnic_average *window, const int8_t *x, int8_t *y)
{
    int32_t column = window->column;
    uint32_t start = (uint32_t)window->start;
    intnic_sums even = (intnic_sums)((start << 16) | (start & 0xffffu));
    intnic_sums odd = even;
    intnic_sums even1 = even;
    intnic_sums odd1 = even;

    for (int32_t rows = window->rows; rows > 0; rows--) {
        const int8_t *tap = x;

        for (int32_t left = window->columns; left > 0; left--) {
            uint32_t word;
            uint32_t word1;

            __builtin_memcpy(&word, tap, sizeof word);
            __builtin_memcpy(&word1, tap + 4, sizeof word1);
            even = __sxtab16(even, (int8x4_t)word);
            odd = intnic_add_odd(odd, word);
            even1 = __sxtab16(even1, (int8x4_t)word1);
            odd1 = intnic_add_odd(odd1, word1);
            tap += column;
        }
        x += window->row;
    }
    intnic_average_four(window, even, odd, y);
    intnic_average_four(window, even1, odd1, y + 4);
}

/* Averages of one window for all channels. */
static void intnic_average_channels(const struct intnic_average *window, const int8_t *x,
                                    int32_t depth, int8_t *y)
{
    if (window->divisor->count <= INTNIC_TAPS_OF_16_BITS) {
        for (; depth >= 8; depth -= 8) {
            intnic_average8(window, x, y);
            x += 8;
            y += 8;
        }
    }
    for (; depth > 0; depth--) {
        *y++ = intnic_average1(window, x++);
    }
}
