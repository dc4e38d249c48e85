#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

/* Dense layer, eight outputs at once, whose weights, 128 added to each, are the bytes of a word. */
#ifndef INTNIC_DENSE_BYTES8
#define INTNIC_DENSE_BYTES8
struct intnic_dense_bytes8 {
    const uint64_t *weights;
    const void *scales;
    int32_t inputs, outputs;
    struct intnic_range range;
};
#endif

static void INTNIC_PASTE(intnic_dense_bytes8, INTNIC_CODES)(
    const struct intnic_dense_bytes8 *layer, const int8_t *x, int8_t *y)
{
    const struct INTNIC_PASTE(intnic, INTNIC_CODES) *scale = layer->scales;
    const uint64_t *weights = layer->weights;
    int32_t added = 0;

    for (int32_t i = 0; i < layer->inputs; i++) {
        added += x[i];
    }
    added *= 128;
    for (int32_t left = layer->outputs; left > 0; left -= 8) {
        int32_t sums[8];

        intnic_byte_sums8(x, weights, layer->inputs, sums);
        for (int32_t i = 0; i < intnic_min(left, 8); i++) {
            int32_t sum = sums[i] - added + scale->bias;

            INTNIC_PASTE(intnic_store, INTNIC_CODES)(&sum, 1, scale, &layer->range, 0, y);
            scale++;
            y++;
        }
        weights += layer->inputs;
    }
}
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
