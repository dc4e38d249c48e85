struct intnic_conv2d {
    const int8_t *weights;
    const struct intnic_channel *channels;
    int32_t height, width, depth;
    int32_t kernel_height, kernel_width;
    int32_t stride_y, stride_x;
    int32_t dilation_y, dilation_x;
    int32_t pad_top, pad_left;
    int32_t out_height, out_width;
    int32_t groups, group_depth, group_outputs; /* channels in and out of each group */
    int32_t input_zero;
    struct intnic_output output;
};

/*
 * Copies the channels of one group in the window at (top, left) to `patch`, the input's zero point
 * standing for what is outside.
 */
static void intnic_gather(const struct intnic_conv2d *layer, const int8_t *x, int32_t top,
                          int32_t left, int8_t *patch)
{
    for (int32_t ky = 0; ky < layer->kernel_height; ky++) {
        int32_t iy = top + ky * layer->dilation_y;

        for (int32_t kx = 0; kx < layer->kernel_width; kx++) {
            int32_t ix = left + kx * layer->dilation_x;

            if (iy >= 0 && iy < layer->height && ix >= 0 && ix < layer->width) {
                const int8_t *pixel = x + (iy * layer->width + ix) * layer->depth;

                patch = intnic_copy(pixel, layer->group_depth, patch);
            } else {
                for (int32_t c = layer->group_depth; c > 0; c--) {
                    *patch++ = (int8_t)layer->input_zero;
                }
            }
        }
    }
}

/* One output pixel of one group, its window given tap by tap. */
static inline int8_t *intnic_conv2d_group(const struct intnic_conv2d *layer, int32_t group,
                                          const int8_t *patch, int8_t *y)
{
    int32_t taps = layer->kernel_height * layer->kernel_width * layer->group_depth;
    int32_t first = group * layer->group_outputs;

    intnic_linear(patch, taps, layer->weights + first * taps, layer->channels + first,
                  layer->group_outputs, &layer->output, y);
    return y + layer->group_outputs;
}

/*
 * Convolution over an NHWC image, pixel by pixel: the window is gathered into `scratch` (kernel
 * height * width * channels of a group bytes) and multiplied by the weights. Only a window that
 * hangs over the border or has holes, and those of groups, are gathered tap by tap; one that lies in
 * a single run of bytes is read where it is. Which is which depends on the layer, not on the data.
 */
static void intnic_conv2d(const struct intnic_conv2d *layer, const int8_t *x, int8_t *scratch,
                          int8_t *y)
{
    int32_t row = layer->kernel_width * layer->depth;
    int32_t pitch = layer->width * layer->depth;
    int solid = layer->dilation_y == 1 && layer->dilation_x == 1 && layer->groups == 1;

    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        int32_t top = oy * layer->stride_y - layer->pad_top;
        int rows_inside = top >= 0 && top + layer->kernel_height <= layer->height;

        for (int32_t ox = 0; ox < layer->out_width; ox++) {
            int32_t left = ox * layer->stride_x - layer->pad_left;

            if (solid && rows_inside && left >= 0 && left + layer->kernel_width <= layer->width) {
                const int8_t *from = x + top * pitch + left * layer->depth;

                if (layer->kernel_height > 1) {
                    int8_t *patch = scratch;

                    for (int32_t ky = layer->kernel_height; ky > 0; ky--) {
                        patch = intnic_copy(from, row, patch);
                        from += pitch;
                    }
                    from = scratch;
                }
                y = intnic_conv2d_group(layer, 0, from, y);
                continue;
            }
            for (int32_t group = 0; group < layer->groups; group++) {
                intnic_gather(layer, x + group * layer->group_depth, top, left, scratch);
                y = intnic_conv2d_group(layer, group, scratch, y);
            }
        }
    }
}
