#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

/*
 * Convolution 3 x 3 of an image of one channel, and the largest of every 2 x 2 of its outputs: codes
 * rise with sums, so the largest sum is looked for, and there is one code for four sums. Words hold
 * two neighbouring pixels, x0 + 2^16 * x1, so that a multiplication serves two sums. The generator
 * has made all three taps of a row fit 16 bits; what it had to take away comes last, as rests.
 */
#ifndef INTNIC_PLANE_POOL
#define INTNIC_PLANE_POOL
struct intnic_plane_pool {
    const int32_t *weights; /* nine a channel */
    const uint8_t *counts;  /* of rests, by channel */
    const struct intnic_plane_rest *rests;
    const void *scales;
    int32_t height, width;
    int32_t pad_top, pad_left;
    int32_t out_height, out_width, outputs;
    int32_t input_zero;
    struct intnic_range range;
};

/* The pixels that four outputs see, of which some are outside the image. */
static INTNIC_NOINLINE void intnic_plane_patch(const struct intnic_plane_pool *layer,
                                               const int8_t *x, int32_t top, int32_t left,
                                               int8_t *to)
{
    for (int32_t iy = top; iy < top + 4; iy++) {
        for (int32_t ix = left; ix < left + 4; ix++) {
            int inside = iy >= 0 && iy < layer->height && ix >= 0 && ix < layer->width;

            *to++ = inside ? x[iy * layer->width + ix] : (int8_t)layer->input_zero;
        }
    }
}

/* Four rows of four pixels, so many bytes apart, as three words each. */
static INTNIC_NOINLINE void intnic_plane_words(const int8_t *x, int32_t row, int32_t *to)
{
    for (int32_t i = 0; i < 4; i++) {
        int32_t x1 = x[1];
        int32_t x2 = x[2];

        to[0] = x[0] + x1 * 65536;
        to[1] = x1 + x2 * 65536;
        to[2] = x2 + x[3] * 65536;
        to += 3;
        x += row;
    }
}
#endif

/* All channels of four outputs. */
static INTNIC_NOINLINE void INTNIC_PASTE(intnic_plane_codes, INTNIC_CODES)(
    const struct intnic_plane_pool *layer, const int32_t *words, int8_t *y)
{
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale = layer->scales;
    const struct intnic_plane_rest *rest = layer->rests;
    const int32_t *weights = layer->weights;
    const uint8_t *count = layer->counts;
    int8_t *end = y + layer->outputs;

    for (; y != end; y++) {
        const struct intnic_plane_rest *first = rest;
        int32_t sum;

        rest += *count++;
        sum = intnic_plane_most(words, weights, first, rest, scale->bias);
        *y = INTNIC_PASTE(intnic_code, INTNIC_CODES)(sum, scale, &layer->range);
        weights += 9;
        scale++;
    }
}

static void INTNIC_PASTE(intnic_plane_pool, INTNIC_CODES)(const struct intnic_plane_pool *layer,
                                                          const int8_t *x, int8_t *y)
{
    for (int32_t oy = 0; oy < layer->out_height; oy++) {
        int32_t top = 2 * oy - layer->pad_top;

        for (int32_t ox = 0; ox < layer->out_width; ox++) {
            int32_t left = 2 * ox - layer->pad_left;
            int32_t words[12];
            int8_t patch[16];

            if (top < 0 || left < 0 || top + 4 > layer->height || left + 4 > layer->width) {
                intnic_plane_patch(layer, x, top, left, patch);
                intnic_plane_words(patch, 4, words);
            } else {
                intnic_plane_words(x + top * layer->width + left, layer->width, words);
            }
            INTNIC_PASTE(intnic_plane_codes, INTNIC_CODES)(layer, words, y);
            y += layer->outputs;
        }
    }
}
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
