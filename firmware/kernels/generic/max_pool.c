struct intnic_max_pool {
    int32_t height, width, depth;
    int32_t kernel_height, kernel_width;
    int32_t stride_y, stride_x;
    int32_t pad_top, pad_left;
    int32_t out_height, out_width;
    int32_t low, high; /* range of the activation */
};

/* Largest value of one window for channel c: the rows and columns that lie inside the image. */
static inline int8_t intnic_window_max(const int8_t *tap, int32_t rows, int32_t columns,
                                       int32_t pitch, int32_t depth, int32_t low,
                                       int32_t high)
{
    int32_t most = low;

    for (; rows > 0; rows--) {
        const int8_t *next = tap + pitch;

        for (int32_t left = columns; left > 0; left--) {
            most = intnic_max(*tap, most);
            tap += depth;
        }
        tap = next;
    }
    return (int8_t)intnic_min(most, high);
}

/* The same for four channels at once. */
static inline void intnic_window_max4(const int8_t *tap, int32_t rows, int32_t columns,
                                      int32_t pitch, int32_t depth, int32_t low, int32_t high,
                                      int8_t *y)
{
    int32_t most0 = low;
    int32_t most1 = low;
    int32_t most2 = low;
    int32_t most3 = low;

    for (; rows > 0; rows--) {
        const int8_t *next = tap + pitch;

        for (int32_t left = columns; left > 0; left--) {
            most0 = intnic_max(tap[0], most0);
            most1 = intnic_max(tap[1], most1);
            most2 = intnic_max(tap[2], most2);
            most3 = intnic_max(tap[3], most3);
            tap += depth;
        }
        tap = next;
    }
    y[0] = (int8_t)intnic_min(most0, high);
    y[1] = (int8_t)intnic_min(most1, high);
    y[2] = (int8_t)intnic_min(most2, high);
    y[3] = (int8_t)intnic_min(most3, high);
}

/* Largest value of every window, channel by channel. Without padding, y may be x. */
static void intnic_max_pool(const struct intnic_max_pool *layer, const int8_t *x, int8_t *y)
{
    int32_t depth = layer->depth;
    int32_t pitch = layer->width * depth;

    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        int32_t top = oy * layer->stride_y - layer->pad_top;
        int32_t bottom = intnic_min(top + layer->kernel_height, layer->height);

        top = intnic_max(top, 0);
        for (int32_t ox = 0; ox < layer->out_width; ox++) {
            int32_t left = ox * layer->stride_x - layer->pad_left;
            int32_t columns = intnic_min(left + layer->kernel_width, layer->width);
            const int8_t *first;
            int32_t c = 0;

            left = intnic_max(left, 0);
            columns -= left;
            first = x + top * pitch + left * depth;
            for (; c + 4 <= depth; c += 4) {
                intnic_window_max4(first + c, bottom - top, columns, pitch, depth, layer->low,
                                   layer->high, y);
                y += 4;
            }
            for (; c < depth; c++) {
                *y++ = intnic_window_max(first + c, bottom - top, columns, pitch, depth,
                                         layer->low, layer->high);
            }
        }
    }
}
