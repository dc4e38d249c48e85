/* The taps of one window inside the image, how far the next ones are, and what comes of their sum. */
struct intnic_average {
    int32_t rows, columns;
    int32_t row, column;
    int32_t start; /* sum of the taps outside, as far as they count */
    const struct intnic_divisor *divisor;
    int32_t low, high;
};

static inline int8_t intnic_average_of(const struct intnic_average *window, int32_t sum)
{
    int32_t value = intnic_divide(sum, window->divisor);

    return (int8_t)intnic_min(intnic_max(value, window->low), window->high);
}

/* Average of one window for one channel. */
static inline int8_t intnic_average1(const struct intnic_average *window, const int8_t *x)
{
    int32_t sum = window->start;

    for (int32_t rows = window->rows; rows > 0; rows--) {
        const int8_t *tap = x;

        for (int32_t left = window->columns; left > 0; left--) {
            sum += *tap;
            tap += window->column;
        }
        x += window->row;
    }
    return intnic_average_of(window, sum);
}
