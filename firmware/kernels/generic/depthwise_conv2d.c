struct intnic_depthwise_conv2d {
    const int8_t *weights; /* kernel height * kernel width * outputs */
    const struct intnic_channel *channels;
    int32_t height, width, depth;
    int32_t kernel_height, kernel_width;
    int32_t stride_y, stride_x;
    int32_t dilation_y, dilation_x;
    int32_t pad_top, pad_left;
    int32_t out_height, out_width, multiplier; /* outputs of each input channel */
    int32_t input_zero;
    struct intnic_output output;
};

/* The taps of one window inside the image, and how far the next ones are. */
struct intnic_taps {
    int32_t rows, columns;
    int32_t x_row, x_column;
    int32_t w_row, w_column;
    int32_t input_zero;
};

/* sum + (x - zero) * w over the taps, for one channel. */
static inline int32_t intnic_tap1(const struct intnic_taps *taps, const int8_t *x,
                                  const int8_t *w, int32_t sum)
{
    int32_t zero = taps->input_zero;

    for (int32_t rows = taps->rows; rows > 0; rows--) {
        const int8_t *tap = x;
        const int8_t *weight = w;

        for (int32_t left = taps->columns; left > 0; left--) {
            sum += (*tap - zero) * *weight;
            tap += taps->x_column;
            weight += taps->w_column;
        }
        x += taps->x_row;
        w += taps->w_row;
    }
    return sum;
}

/* sum[i] += (x[i] - zero) * w[i] over the taps, for four neighbouring channels i at once. */
static INTNIC_NOINLINE void intnic_tap4(const struct intnic_taps *taps, const int8_t *x,
                                        const int8_t *w, int32_t *sum)
{
    int32_t x_column = taps->x_column;
    int32_t w_column = taps->w_column;
    int32_t zero = taps->input_zero;
    int32_t sum0 = sum[0];
    int32_t sum1 = sum[1];
    int32_t sum2 = sum[2];
    int32_t sum3 = sum[3];

    for (int32_t rows = taps->rows; rows > 0; rows--) {
        const int8_t *tap = x;
        const int8_t *weight = w;

        for (int32_t left = taps->columns; left > 0; left--) {
            int32_t x0 = tap[0];
            int32_t x1 = tap[1];
            int32_t x2 = tap[2];
            int32_t x3 = tap[3];

            sum0 += (x0 - zero) * weight[0];
            sum1 += (x1 - zero) * weight[1];
            sum2 += (x2 - zero) * weight[2];
            sum3 += (x3 - zero) * weight[3];
            tap += x_column;
            weight += w_column;
        }
        x += taps->x_row;
        w += taps->w_row;
    }
    sum[0] = sum0;
    sum[1] = sum1;
    sum[2] = sum2;
    sum[3] = sum3;
}

/* All channels of one output pixel; x and w are at the first tap inside the image. */
static inline int8_t *intnic_depthwise_pixel(const struct intnic_depthwise_conv2d *layer,
                                             const struct intnic_taps *taps, const int8_t *x,
                                             const int8_t *w, int8_t *y)
{
    const struct intnic_channel *channel = layer->channels;
    const struct intnic_output *output = &layer->output;
    int32_t depth = layer->depth;

    if (layer->multiplier == 1) {
        for (; depth >= 4; depth -= 4) {
            int32_t sum[4] = { channel[0].bias, channel[1].bias, channel[2].bias,
                               channel[3].bias };

            intnic_tap4(taps, x, w, sum);
            y[0] = intnic_requantize(sum[0], &channel[0], output);
            y[1] = intnic_requantize(sum[1], &channel[1], output);
            y[2] = intnic_requantize(sum[2], &channel[2], output);
            y[3] = intnic_requantize(sum[3], &channel[3], output);
            x += 4;
            w += 4;
            channel += 4;
            y += 4;
        }
    }
    for (; depth > 0; depth--) {
        for (int32_t m = layer->multiplier; m > 0; m--) {
            *y++ = intnic_requantize(intnic_tap1(taps, x, w, channel->bias), channel, output);
            w++;
            channel++;
        }
        x++;
    }
    return y;
}

/*
 * Convolution of each channel with filters of its own: output channel o sees input channel
 * o / multiplier. Taps outside the image stand for real zeros, so they are left out; the biases
 * have the zero point not folded in. No partial sum leaves int32: the generator has proved
 * |bias| + (128 + |zero point|) * sum |weights| < 2^31 for every channel.
 */
static void intnic_depthwise_conv2d(const struct intnic_depthwise_conv2d *layer, const int8_t *x,
                                    int8_t *y)
{
    int32_t depth = layer->depth;
    int32_t pitch = layer->width * depth;
    int32_t outputs = depth * layer->multiplier;

    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        struct intnic_span rows = intnic_span(oy * layer->stride_y - layer->pad_top,
                                              layer->kernel_height, layer->dilation_y,
                                              layer->height);

        for (int32_t ox = 0; ox < layer->out_width; ox++) {
            struct intnic_span columns = intnic_span(ox * layer->stride_x - layer->pad_left,
                                                     layer->kernel_width, layer->dilation_x,
                                                     layer->width);
            struct intnic_taps taps = { rows.count,
                                        columns.count,
                                        layer->dilation_y * pitch,
                                        layer->dilation_x * depth,
                                        layer->kernel_width * outputs,
                                        outputs,
                                        layer->input_zero };

            y = intnic_depthwise_pixel(
                layer, &taps, x + rows.at * pitch + columns.at * depth,
                layer->weights + (rows.tap * layer->kernel_width + columns.tap) * outputs, y);
        }
    }
}
