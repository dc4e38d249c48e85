/*
 * As intnic_gru_after, but for the reset gate, which applies to the state itself:
 *
 *     n = tanh(W x + R (r * h))
 *
 * `sums` has room for 3 values a unit, `gated` for one.
 */
static void intnic_gru_before(const struct intnic_recurrent *layer, const int8_t *x, int32_t *sums,
                              int16_t *gated, int16_t *h, int8_t *y)
{
    int32_t n = layer->hidden;

    for (int32_t step = 0; step < layer->steps; step++) {
        const int8_t *from = x + intnic_step(layer, step) * layer->features;

        intnic_input_rows(from, layer->features, layer->input_weights, layer->input_rows, 3 * n,
                          sums);
        intnic_state_rows(h, n, layer->state_weights, layer->state_rows, 2 * n, -1, sums);
        for (int32_t u = 0; u < n; u++) {
            gated[u] = (int16_t)intnic_product(intnic_squash(&layer->gate, sums[n + u]), h[u]);
        }
        intnic_state_rows(gated, n, layer->state_weights + 2 * n * n, layer->state_rows + 2 * n, n,
                          -1, sums + 2 * n);
        intnic_gru_blend(layer, sums, h);
        intnic_show(layer, step, h, y);
    }
}
