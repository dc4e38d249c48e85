struct intnic_max_pool {
    int32_t height, width, depth;
    int32_t kernel_height, kernel_width;
    int32_t stride_y, stride_x;
    int32_t dilation_y, dilation_x;
    int32_t pad_top, pad_left;
    int32_t out_height, out_width;
    int32_t low, high; /* range of the activation */
};

/*
 * Largest value of every window, channel by channel. Without padding above and to the left, y may
 * be x.
 */
static void intnic_max_pool(const struct intnic_max_pool *layer, const int8_t *x, int8_t *y)
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
            struct intnic_max_window window = { rows.count,
                                                columns.count,
                                                layer->dilation_y * pitch,
                                                layer->dilation_x * depth,
                                                layer->low,
                                                layer->high };
            const int8_t *first = x + rows.at * pitch + columns.at * depth;
            int32_t c = depth;

            for (; c >= 4; c -= 4) {
                intnic_max4(&window, first, y);
                first += 4;
                y += 4;
            }
            for (; c > 0; c--) {
                *y++ = intnic_max1(&window, first++);
            }
        }
    }
}
