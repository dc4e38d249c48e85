#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

/*
 * Dense layer, four outputs at once. A word v holds a weight of each, of which only the top one has a
 * sign, the others 128 added to them: v = b0 + 2^8 * (b1 + 2^8 * (b2 + 2^8 * w3)). With
 *
 *     s3 = sum of (v >> 24) * x,  s2 = sum of (v >> 16) * x,  s1 = sum of (v >> 8) * x,
 *     s0 = sum of v * x
 *
 * the sum of b2 * x is s2 - 2^8 * s3 and so on: no weight needs to be unpacked by more than a shift.
 * All is modulo 2^32, and what is wanted fits.
 */
#ifndef INTNIC_DENSE_BYTES
#define INTNIC_DENSE_BYTES
struct intnic_dense_bytes {
    const int32_t *weights;
    const void *scales;
    int32_t inputs, outputs;
    struct intnic_range range;
};

/* The inputs as words, filled up to fours with zeros; their sum. */
static int32_t intnic_widen_words(const int8_t *x, int32_t count, int32_t *to)
{
    int32_t sum = 0;

    for (int32_t left = count; left > 0; left--) {
        int32_t value = *x++;

        sum += value;
        *to++ = value;
    }
    for (; (count & 3) != 0; count++) {
        *to++ = 0;
    }
    return sum;
}
#endif

static void INTNIC_PASTE(intnic_dense_bytes, INTNIC_CODES)(const struct intnic_dense_bytes *layer,
                                                           const int8_t *x, int32_t *words,
                                                           int8_t *y)
{
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale = layer->scales;
    const int32_t *weights = layer->weights;
    uint32_t added = 128u * (uint32_t)intnic_widen_words(x, layer->inputs, words);
    int32_t count = (layer->inputs + 3) & ~3;

    for (int32_t left = layer->outputs; left > 0; left -= 4) {
        uint32_t sums[4];
        int32_t s;

        intnic_byte_sums(words, weights, count, sums);
        sums[0] -= 256u * sums[1] + added;
        sums[1] -= 256u * sums[2] + added;
        sums[2] -= 256u * sums[3] + added;
        for (int32_t i = 0; i < intnic_min(left, 4); i++) {
            s = (int32_t)(sums[i] + (uint32_t)scale->bias);
            INTNIC_PASTE(intnic_store, INTNIC_CODES)(&s, 1, scale, &layer->range, 0, y);
            scale++;
            y++;
        }
        weights += count;
    }
}
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
