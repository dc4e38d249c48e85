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
            int32_t inside = rows.count * columns.count;
            int32_t count = inside;
            const struct intnic_divisor *divisor = layer->divisors;

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

            intnic_average_channels(&window, x + rows.at * pitch + columns.at * depth, depth, y);
            y += depth;
        }
    }
}
