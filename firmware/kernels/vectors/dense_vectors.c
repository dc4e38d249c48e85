struct intnic_dense_vectors {
    const int8_t *weights;   /* for each 16 outputs, for four inputs at a time: four of each output */
    const int32_t *channels; /* biases, then multipliers, then shifts, filled up to 16 outputs */
    int32_t inputs, outputs;
    struct intnic_vector_output output;
};

/* `count` vectors of outputs, a constant number, so that the sums are registers. */
INTNIC_INLINE void intnic_dense_lanes(const struct intnic_dense_vectors *layer, const int8_t *x,
                                      int32_t first, int32_t count, int8_t *y)
{
    int32_t padded = (layer->outputs + 15) & -16;
    int32_t taps = (layer->inputs + 3) & -4;
    const int32_t *channel = layer->channels + first;
    const int8_t *w[4];
    intnic_words sums[4];

#pragma GCC unroll 4
    for (int32_t i = 0; i < count; i++) {
        int32_t o = first + i * INTNIC_LANES;

        w[i] = layer->weights + (o & -16) * taps + 4 * (o & 15);
        sums[i] = *(const intnic_words_at *)(channel + i * INTNIC_LANES);
    }
    for (int32_t t = 0; t < taps; t += 4) {
        uint32_t four = 0;

        if (t + 4 <= layer->inputs) {
            four = *(const intnic_word_at *)(x + t) ^ 0x80808080u;
        } else {
            for (int32_t k = layer->inputs - 1; k >= t; k--) {
                four = four << 8 | (uint32_t)(x[k] + 128);
            }
        }
#pragma GCC unroll 4
        for (int32_t i = 0; i < count; i++) {
            sums[i] = intnic_add_dots(sums[i], intnic_all(four),
                                      *(const intnic_words_at *)(w[i] + 16 * t));
        }
    }
#pragma GCC unroll 4
    for (int32_t i = 0; i < count; i++) {
        int32_t o = first + i * INTNIC_LANES;
        intnic_ints multiplier = *(const intnic_ints_at *)(layer->channels + padded + o);
        intnic_ints shift = *(const intnic_ints_at *)(layer->channels + 2 * padded + o);

        intnic_store_codes(intnic_codes_of(sums[i], multiplier, shift, &layer->output),
                           layer->outputs - o, y + o);
    }
}

/* Fully connected layer, four vectors of outputs at once, four inputs at a time. */
static void intnic_dense_vectors(const struct intnic_dense_vectors *layer, const int8_t *x, int8_t *y)
{
    int32_t first = 0;

    for (; first + 4 * INTNIC_LANES <= ((layer->outputs + 15) & -16); first += 4 * INTNIC_LANES) {
        intnic_dense_lanes(layer, x, first, 4, y);
    }
    for (; first < layer->outputs; first += INTNIC_LANES) {
        intnic_dense_lanes(layer, x, first, 1, y);
    }
}
