/* Averages of one window for four channels at once. */
static inline void intnic_average4(const struct intnic_average *window, const int8_t *x, int8_t *y)
{
    int32_t column = window->column;
    int32_t sum0 = window->start;
    int32_t sum1 = sum0;
    int32_t sum2 = sum0;
    int32_t sum3 = sum0;

    for (int32_t rows = window->rows; rows > 0; rows--) {
        const int8_t *tap = x;

        for (int32_t left = window->columns; left > 0; left--) {
            sum0 += tap[0];
            sum1 += tap[1];
            sum2 += tap[2];
            sum3 += tap[3];
            tap += column;
        }
        x += window->row;
    }
    y[0] = intnic_average_of(window, sum0);
    y[1] = intnic_average_of(window, sum1);
    y[2] = intnic_average_of(window, sum2);
    y[3] = intnic_average_of(window, sum3);
}

/* Averages of one window for all channels. */
static void intnic_average_channels(const struct intnic_average *window, const int8_t *x,
                                    int32_t depth, int8_t *y)
{
    for (; depth >= 4; depth -= 4) {
        intnic_average4(window, x, y);
        x += 4;
        y += 4;
    }
    for (; depth > 0; depth--) {
        *y++ = intnic_average1(window, x++);
    }
}
