struct intnic_max_pool {
    int32_t height, width, depth;
    int32_t kernel_height, kernel_width;
    int32_t stride_y, stride_x;
    int32_t pad_top, pad_left;
    int32_t out_height, out_width;
    int32_t low; /* smallest value to store: the zero point after a relu, else -128 */
};

/* Largest value of every window, channel by channel. Without padding, y may be x. */
static void intnic_max_pool(const struct intnic_max_pool *layer, const int8_t *x, int8_t *y)
{
    int32_t pitch = layer->width * layer->depth;

    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        int32_t top = oy * layer->stride_y - layer->pad_top;
        int32_t bottom = top + layer->kernel_height;

        top = top < 0 ? 0 : top;
        bottom = bottom > layer->height ? layer->height : bottom;
        for (int32_t ox = 0; ox < layer->out_width; ox++) {
            int32_t left = ox * layer->stride_x - layer->pad_left;
            int32_t right = left + layer->kernel_width;

            left = left < 0 ? 0 : left;
            right = right > layer->width ? layer->width : right;
            for (int32_t c = 0; c < layer->depth; c++) {
                const int8_t *row = x + top * pitch + left * layer->depth + c;
                int32_t most = layer->low;

                for (int32_t rows = bottom - top; rows > 0; rows--) {
                    const int8_t *tap = row;

                    for (int32_t columns = right - left; columns > 0; columns--) {
                        most = intnic_max(*tap, most);
                        tap += layer->depth;
                    }
                    row += pitch;
                }
                *y++ = (int8_t)most;
            }
        }
    }
}
