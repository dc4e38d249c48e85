struct intnic_resize_nearest {
    const uint16_t *rows;    /* of the input, for each row of the output */
    const uint16_t *columns; /* likewise */
    int32_t width, depth;    /* of the input */
    int32_t out_height, out_width;
};

/* Every pixel of the output is the pixel of the input that the tables name. */
static void intnic_resize_nearest(const struct intnic_resize_nearest *layer, const int8_t *x,
                                  int8_t *y)
{
    int32_t depth = layer->depth;

    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        const int8_t *row = x + layer->rows[oy] * layer->width * depth;

        for (int32_t ox = 0; ox < layer->out_width; ox++) {
            y = intnic_copy(row + layer->columns[ox] * depth, depth, y);
        }
    }
}
