/*
 * Long short-term memory; rows of weights for the gates i, f, g, o, one after the other:
 *
 *     c = f * c + i * g,  h = o * tanh(c)
 *
 * `sums` has room for 4 values a unit. `cell` is c in Q.20, kept within 1024; `h` is Q0.15. Both are
 * read and left as the next call is to find them.
 */
static void intnic_lstm(const struct intnic_recurrent *layer, const int8_t *x, int32_t *sums,
                        int32_t *cell, int16_t *h, int8_t *y)
{
    int32_t n = layer->hidden;

    for (int32_t step = 0; step < layer->steps; step++) {
        const int8_t *from = x + intnic_step(layer, step) * layer->features;

        intnic_input_rows(from, layer->features, layer->input_weights, layer->input_rows, 4 * n,
                          sums);
        intnic_state_rows(h, n, layer->state_weights, layer->state_rows, 4 * n, -1, sums);
        for (int32_t u = 0; u < n; u++) {
            int32_t i = intnic_squash(&layer->gate, sums[u]);
            int32_t f = intnic_squash(&layer->gate, sums[n + u]);
            int32_t g = intnic_squash(&layer->activation, sums[2 * n + u]);
            int32_t o = intnic_squash(&layer->gate, sums[3 * n + u]);
            int32_t c = intnic_mul_high(cell[u] * 2, f * 65536) + ((i * g) >> 10);

            c = intnic_min(intnic_max(c, -0x3fffffff), 0x3fffffff);
            cell[u] = c;
            h[u] = (int16_t)intnic_product(o, intnic_squash(&layer->activation, (c + 128) >> 8));
        }
        intnic_show(layer, step, h, y);
    }
}
