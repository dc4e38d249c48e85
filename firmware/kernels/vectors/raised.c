/* Rows of an image, copied with what surrounds them. */
struct intnic_raised {
    int32_t height, width, depth; /* of the image */
    int32_t count, dilation;      /* how many rows, and how far apart */
    int32_t pad_left, columns;    /* columns before the image's, and in all */
    int32_t zero;                 /* what is outside */
};

/* Copies codes as unsigned bytes: 128 is added to each. */
static inline uint8_t *intnic_copy_raised(const int8_t *x, int32_t count, uint8_t *to)
{
    for (; count >= 4 * INTNIC_LANES; count -= 4 * INTNIC_LANES) {
        *(intnic_words_at *)to = *(const intnic_words_at *)x ^ 0x80808080u;
        x += 4 * INTNIC_LANES;
        to += 4 * INTNIC_LANES;
    }
    for (; count >= 4; count -= 4) {
        *(intnic_word_at *)to = *(const intnic_word_at *)x ^ 0x80808080u;
        x += 4;
        to += 4;
    }
    for (; count > 0; count--) {
        *to++ = (uint8_t)(*x++ + 128);
    }
    return to;
}

/* `count` times a code, likewise. */
static inline uint8_t *intnic_fill_raised(int32_t code, int32_t count, uint8_t *to)
{
    uint32_t four = (uint32_t)(code + 128) * 0x1010101u;

    for (; count >= 4 * INTNIC_LANES; count -= 4 * INTNIC_LANES) {
        *(intnic_words_at *)to = intnic_all(four);
        to += 4 * INTNIC_LANES;
    }
    for (; count >= 4; count -= 4) {
        *(intnic_word_at *)to = four;
        to += 4;
    }
    for (; count > 0; count--) {
        *to++ = (uint8_t)four;
    }
    return to;
}

/* The rows that one output row sees; `top` is the first of them, possibly outside. */
static inline void intnic_raise_rows(const struct intnic_raised *rows, const int8_t *x, int32_t top,
                                     uint8_t *to)
{
    int32_t depth = rows->depth;
    int32_t inside = rows->columns - rows->pad_left;

    if (inside > rows->width) {
        inside = rows->width;
    }
    for (int32_t ky = 0; ky < rows->count; ky++) {
        int32_t iy = top + ky * rows->dilation;

        if (iy < 0 || iy >= rows->height) {
            to = intnic_fill_raised(rows->zero, rows->columns * depth, to);
        } else {
            to = intnic_fill_raised(rows->zero, rows->pad_left * depth, to);
            to = intnic_copy_raised(x + iy * rows->width * depth, inside * depth, to);
            to = intnic_fill_raised(rows->zero,
                                    (rows->columns - rows->pad_left - inside) * depth, to);
        }
    }
}
