/* The outputs, along one axis, whose position plus padding leaves the same rest by the stride. */
struct intnic_phase {
    int32_t taps;   /* that reach them */
    int32_t before; /* taps of the phases before this one */
    int32_t start;  /* first input that they see, from where the output stands in the input */
};

struct intnic_conv2d_transpose {
    const int8_t *weights;                 /* phase after phase */
    const struct intnic_channel *channels; /* likewise */
    const struct intnic_phase *rows;
    const struct intnic_phase *columns;
    int32_t height, width, depth;
    int32_t kernel_width;
    int32_t stride_y, stride_x;
    int32_t step_y, step_x;   /* distance of neighbouring taps in the input */
    int32_t phase_y, phase_x; /* of the first output, and where it stands in the input */
    int32_t first_y, first_x;
    int32_t out_height, out_width, outputs;
    int32_t input_zero;
    struct intnic_output output;
};

/* Copies what `rows` * `columns` taps from (top, left) on see; what is outside is the zero point. */
static void intnic_gather_phase(const struct intnic_conv2d_transpose *layer, const int8_t *x,
                                int32_t top, int32_t left, int32_t rows, int32_t columns,
                                int8_t *patch)
{
    for (int32_t ky = 0; ky < rows; ky++) {
        int32_t iy = top + ky * layer->step_y;

        for (int32_t kx = 0; kx < columns; kx++) {
            int32_t ix = left + kx * layer->step_x;

            if (iy >= 0 && iy < layer->height && ix >= 0 && ix < layer->width) {
                intnic_copy(x + (iy * layer->width + ix) * layer->depth, layer->depth, patch);
            } else {
                intnic_fill(layer->input_zero, layer->depth, patch);
            }
            patch += layer->depth;
        }
    }
}

/*
 * Transposed convolution over an NHWC image: input pixel i adds to output i * stride - padding + tap
 * * dilation. Seen from the outputs, those of one phase are an ordinary convolution by the taps that
 * reach them, so each is gathered into `scratch` and multiplied by the weights of its phase.
 */
static void intnic_conv2d_transpose(const struct intnic_conv2d_transpose *layer, const int8_t *x,
                                    int8_t *scratch, int8_t *y)
{
    int32_t tap_weights = layer->depth * layer->outputs;
    int32_t phase_y = layer->phase_y;
    int32_t iy = layer->first_y;

    for (int32_t oy = layer->out_height; oy > 0; oy--) {
        const struct intnic_phase *rows = &layer->rows[phase_y];
        int32_t phase_x = layer->phase_x;
        int32_t ix = layer->first_x;

        for (int32_t ox = layer->out_width; ox > 0; ox--) {
            const struct intnic_phase *columns = &layer->columns[phase_x];
            int32_t before = rows->before * layer->kernel_width + rows->taps * columns->before;
            int32_t channel = (phase_y * layer->stride_x + phase_x) * layer->outputs;

            intnic_gather_phase(layer, x, iy + rows->start, ix + columns->start, rows->taps,
                                columns->taps, scratch);
            intnic_linear(scratch, rows->taps * columns->taps * layer->depth,
                          layer->weights + before * tap_weights, layer->channels + channel,
                          layer->outputs, &layer->output, y);
            y += layer->outputs;
            phase_x++;
            if (phase_x == layer->stride_x) {
                phase_x = 0;
                ix++;
            }
        }
        phase_y++;
        if (phase_y == layer->stride_y) {
            phase_y = 0;
            iy++;
        }
    }
}
