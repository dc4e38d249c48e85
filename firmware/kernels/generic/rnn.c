/*
 * Simple recurrence: h = tanh(W x + R h). `sums` has room for a value a unit. `h` is Q0.15,
 * read and left as the next call is to find it.
 */
static void intnic_rnn(const struct intnic_recurrent *layer, const int8_t *x, int32_t *sums,
                       int16_t *h, int8_t *y)
{
    int32_t n = layer->hidden;

    for (int32_t step = 0; step < layer->steps; step++) {
        const int8_t *from = x + intnic_step(layer, step) * layer->features;

        intnic_input_rows(from, layer->features, layer->input_weights, layer->input_rows, n, sums);
        intnic_state_rows(h, n, layer->state_weights, layer->state_rows, n, -1, sums);
        for (int32_t u = 0; u < n; u++) {
            h[u] = (int16_t)intnic_squash(&layer->activation, sums[u]);
        }
        intnic_show(layer, step, h, y);
    }
}
