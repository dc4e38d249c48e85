/*
 * h = n + z * (h - n) for every unit, in Q0.15, which neither sum nor product leaves; `sums` has the
 * gates z from 0 and n from 2 * hidden on.
 */
static inline void intnic_gru_blend(const struct intnic_recurrent *layer, const int32_t *sums,
                                    int16_t *h)
{
    int32_t hidden = layer->hidden;

    for (int32_t u = 0; u < hidden; u++) {
        int32_t z = intnic_squash(&layer->gate, sums[u]);
        int32_t n = intnic_squash(&layer->activation, sums[2 * hidden + u]);
        int32_t value = n + intnic_product(z, h[u] - n);

        h[u] = (int16_t)intnic_min(intnic_max(value, -32767), 32767);
    }
}
