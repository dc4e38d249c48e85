/*
 * Gated recurrent unit; rows of weights for the gates z, r, n, one after the other. The reset gate
 * applies to what the state gives:
 *
 *     n = tanh(W x + r * (R h)),  h = n + z * (h - n)
 *
 * `sums` has room for 4 values a unit. `h` is Q0.15, read and left as the next call is to
 * find it.
 */
static void intnic_gru_after(const struct intnic_recurrent *layer, const int8_t *x, int32_t *sums,
                             int16_t *h, int8_t *y)
{
    int32_t n = layer->hidden;

    for (int32_t step = 0; step < layer->steps; step++) {
        const int8_t *from = x + intnic_step(layer, step) * layer->features;

        intnic_input_rows(from, layer->features, layer->input_weights, layer->input_rows, 3 * n,
                          sums);
        intnic_state_rows(h, n, layer->state_weights, layer->state_rows, 2 * n, -1, sums);
        intnic_state_rows(h, n, layer->state_weights + 2 * n * n, layer->state_rows + 2 * n, n, 0,
                          sums + 3 * n);
        for (int32_t u = 0; u < n; u++) {
            int32_t r = intnic_squash(&layer->gate, sums[n + u]);

            sums[2 * n + u] += intnic_mul_high(sums[3 * n + u] * 2, r * 65536);
        }
        intnic_gru_blend(layer, sums, h);
        intnic_show(layer, step, h, y);
    }
}
