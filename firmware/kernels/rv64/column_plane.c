/* Pixels of three parts of an image, 21 bits apart. */
typedef int64_t intnic_column_word;
#define INTNIC_COLUMN_PARTS 3
#define INTNIC_COLUMN_ONES (1 + ((int64_t)1 << 21) + ((int64_t)1 << 42))
/* Words from the sums of one part to those of the next. */
#define INTNIC_COLUMN_SUMS 64

/* Where words are put: bytes are aligned to four, and there are four more than are needed. */
static inline intnic_column_word *intnic_column_words(int8_t *scratch)
{
    return (intnic_column_word *)(((uintptr_t)scratch + 7) & ~(uintptr_t)7);
}

/* Where the sums of a part begin. */
static inline int32_t intnic_column_start(int32_t runs, int32_t part)
{
    (void)runs;
    (void)part;
    return 0;
}

/* One channel in words; columns around the image are there already. */
static INTNIC_NOINLINE void intnic_column_plane(const struct intnic_depthwise_columns *layer,
                                                const int8_t *x, intnic_column_word *to)
{
    int8_t zero = (int8_t)layer->input_zero;
    int32_t rows = layer->rows;
    int32_t before = layer->pad_left;
    int32_t inside = intnic_min(layer->width, layer->columns - before);

    to += before * rows;
    for (int32_t row = 0; row < rows; row++) {
        int32_t iy = row - layer->pad_top;
        struct intnic_column_row a = intnic_column_row(layer, x, iy, &zero);
        struct intnic_column_row b = intnic_column_row(layer, x, iy + layer->apart, &zero);
        struct intnic_column_row c = intnic_column_row(layer, x, iy + 2 * layer->apart, &zero);
        intnic_column_word *word = to++;

        for (int32_t i = inside; i > 0; i--) {
            *word = *a.pixel + *b.pixel * ((int64_t)1 << 21) + *c.pixel * ((int64_t)1 << 42);
            a.pixel += a.step;
            b.pixel += b.step;
            c.pixel += c.step;
            word += rows;
        }
    }
}
