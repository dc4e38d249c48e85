/* Convolution 3 x 3 of an image of one channel, stride 1. */
struct intnic_conv2d_plane {
    const int32_t *channels;
    int32_t height, width;
    int32_t pad_top, pad_left;
    int32_t out_height, out_width;
    int32_t input_zero;
    int32_t addend; /* of all codes, where they have one in common */
    int32_t row;    /* bytes of a row with its padding, a multiple of four */
    struct intnic_range range;
};

/* One row of the image with its padding; all padding if it is outside. */
static void intnic_plane_row(const struct intnic_conv2d_plane *layer, const int8_t *x, int32_t iy,
                             int8_t *row)
{
    intnic_fill(layer->input_zero, layer->row, row);
    if (iy >= 0 && iy < layer->height) {
        intnic_copy(x + iy * layer->width, layer->width, row + layer->pad_left);
    }
}
