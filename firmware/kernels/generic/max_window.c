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

/* The same for four channels at once. */
static inline void intnic_max4(const struct intnic_max_window *window, const int8_t *x, int8_t *y)
{
    int32_t column = window->column;
    int32_t high = window->high;
    int32_t most0 = window->low;
    int32_t most1 = most0;
    int32_t most2 = most0;
    int32_t most3 = most0;

    for (int32_t rows = window->rows; rows > 0; rows--) {
        const int8_t *tap = x;

        for (int32_t left = window->columns; left > 0; left--) {
            most0 = intnic_max(tap[0], most0);
            most1 = intnic_max(tap[1], most1);
            most2 = intnic_max(tap[2], most2);
            most3 = intnic_max(tap[3], most3);
            tap += column;
        }
        x += window->row;
    }
    y[0] = (int8_t)intnic_min(most0, high);
    y[1] = (int8_t)intnic_min(most1, high);
    y[2] = (int8_t)intnic_min(most2, high);
    y[3] = (int8_t)intnic_min(most3, high);
}
