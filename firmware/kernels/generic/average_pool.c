struct intnic_average_pool {
    const struct intnic_divisor *divisors; /* one for each number of taps that occurs */
    int32_t height, width, depth;
    int32_t kernel_height, kernel_width;
    int32_t stride_y, stride_x;
    int32_t dilation_y, dilation_x;
    int32_t pad_top, pad_left;
    int32_t out_height, out_width;
    int32_t count_padding; /* 1 if taps outside the image count as zeros, 0 if not at all */
    int32_t zero;
    int32_t low, high; /* range of the activation */
};

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

/* The same for four channels at once. */
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

/*
 * Average of every window, channel by channel, of the codes themselves: input and output have one
 * scale and zero point. Without padding above and to the left, y may be x. Which divisor is looked
 * up depends on the layer, not on the data.
 */
static void intnic_average_pool(const struct intnic_average_pool *layer, const int8_t *x, int8_t *y)
{
    int32_t depth = layer->depth;
    int32_t pitch = layer->width * depth;

    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        struct intnic_span rows = intnic_span(oy * layer->stride_y - layer->pad_top,
                                              layer->kernel_height, layer->dilation_y,
                                              layer->height);

        for (int32_t ox = 0; ox < layer->out_width; ox++) {
            struct intnic_span columns = intnic_span(ox * layer->stride_x - layer->pad_left,
                                                     layer->kernel_width, layer->dilation_x,
                                                     layer->width);
            const int8_t *first = x + rows.at * pitch + columns.at * depth;
            int32_t inside = rows.count * columns.count;
            int32_t count = inside;
            const struct intnic_divisor *divisor = layer->divisors;
            int32_t c = depth;

            if (layer->count_padding) {
                count = layer->kernel_height * layer->kernel_width;
            }
            while (divisor->count != count) {
                divisor++;
            }

            struct intnic_average window = { rows.count,
                                             columns.count,
                                             layer->dilation_y * pitch,
                                             layer->dilation_x * depth,
                                             (count - inside) * layer->zero,
                                             divisor,
                                             layer->low,
                                             layer->high };

            for (; c >= 4; c -= 4) {
                intnic_average4(&window, first, y);
                first += 4;
                y += 4;
            }
            for (; c > 0; c--) {
                *y++ = intnic_average1(&window, first++);
            }
        }
    }
}
