struct intnic_depthwise_columns {
    const int8_t *weights; /* nine a channel */
    const uint8_t *runs;   /* how many runs a window of the channel has */
    const void *scales;
    int32_t height, width, outputs;
    int32_t x_channel;     /* 1, or 0 where all outputs see the same channel */
    int32_t x_row, x_column, y_pixel; /* bytes from one to the next */
    int32_t pad_top, pad_left;
    int32_t out_height, out_width;
    int32_t part;          /* output rows of a part */
    int32_t apart;         /* image rows from one part to the next */
    int32_t rows, columns; /* of words */
    int32_t lines;         /* output rows whose sums are made at once */
    int32_t input_zero;
};

/* A row of one channel, of which every pixel is the same where it is outside the image. */
struct intnic_column_row {
    const int8_t *pixel;
    int32_t step;
};

static inline struct intnic_column_row intnic_column_row(
    const struct intnic_depthwise_columns *layer, const int8_t *x, int32_t row,
    const int8_t *outside)
{
    struct intnic_column_row found = { outside, 0 };

    if (row >= 0 && row < layer->height) {
        found.pixel = x + row * layer->x_row;
        found.step = layer->x_column;
    }
    return found;
}
