#include <arm_acle.h>

/* The taps of one window inside the image, and how far the next ones are. */
struct intnic_max_window {
    int32_t rows, columns;
    int32_t row, column;
    int32_t low, high;
};

/* Largest value of one window for one channel. */
static inline int8_t intnic_max1(const struct intnic_max_window *window, const int8_t *x)
{
    int32_t most = window->low;

    for (int32_t rows = window->rows; rows > 0; rows--) {
        const int8_t *tap = x;

        for (int32_t left = window->columns; left > 0; left--) {
            most = intnic_max(*tap, most);
            tap += window->column;
        }
        x += window->row;
    }
    return (int8_t)intnic_min(most, window->high);
}

/* The larger of each of four bytes: SSUB8 notes which, SEL takes it. */
static inline uint32_t intnic_max_bytes(uint32_t a, uint32_t b)
{
    (void)__ssub8((int8x4_t)a, (int8x4_t)b);
    return (uint32_t)__sel((uint8x4_t)a, (uint8x4_t)b);
}

/* The smaller of each. */
static inline uint32_t intnic_min_bytes(uint32_t a, uint32_t b)
{
    (void)__ssub8((int8x4_t)a, (int8x4_t)b);
    return (uint32_t)__sel((uint8x4_t)b, (uint8x4_t)a);
}

/* Four bytes as they lie in memory, at any address. */
static inline uint32_t intnic_word(const int8_t *from)
{
    uint32_t word;

    __builtin_memcpy(&word, from, sizeof word);
    return word;
}

static inline void intnic_store_limited(uint32_t most, const struct intnic_max_window *window,
                                        int8_t *y)
{
    most = intnic_min_bytes(most, (uint32_t)(uint8_t)window->high * 0x01010101u);
    __builtin_memcpy(y, &most, sizeof most);
}

/* The same for four channels at once. */
static inline void intnic_max4(const struct intnic_max_window *window, const int8_t *x, int8_t *y)
{
    uint32_t most = (uint32_t)(uint8_t)window->low * 0x01010101u;

    /* The usual window without loops; which one it is depends on the layer, not on the data. */
    if (window->rows == 2 && window->columns == 2) {
        const int8_t *below = x + window->row;
        uint32_t upper = intnic_max_bytes(intnic_word(x), intnic_word(x + window->column));
        uint32_t lower = intnic_max_bytes(intnic_word(below), intnic_word(below + window->column));

        intnic_store_limited(intnic_max_bytes(intnic_max_bytes(upper, lower), most), window, y);
        return;
    }
    for (int32_t rows = window->rows; rows > 0; rows--) {
        const int8_t *tap = x;

        for (int32_t left = window->columns; left > 0; left--) {
            most = intnic_max_bytes(intnic_word(tap), most);
            tap += window->column;
        }
        x += window->row;
    }
    intnic_store_limited(most, window, y);
}
