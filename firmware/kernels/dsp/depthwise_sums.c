/* Four channels of `count` output lines from their planes, line by line; sums lie behind those. */
static INTNIC_NOINLINE void INTNIC_PASTE4(intnic_depthwise_sums, INTNIC_STRIDE, INTNIC_LINES,
                                          INTNIC_ODD)(
    const struct intnic_depthwise_3x3 *layer, intnic_pair *planes, int32_t channel, int32_t count,
    int8_t *y)
{
    const struct intnic_scale *scales = layer->scales;
    int32_t times = layer->pairs - 1;
    int32_t *sums = planes + 4 * INTNIC_LINES * layer->pairs;

    for (int32_t c = 0; c < 4; c++) {
        const struct intnic_depthwise_filter filter = intnic_filter_sums(layer, channel + c);

        for (int32_t l = 0; l < count; l++) {
            INTNIC_PASTE5(intnic_lines, INTNIC_STRIDE, INTNIC_LINES, INTNIC_ODD, sums)(
                planes + c + 4 * INTNIC_STRIDE * l, filter, 1, times, (int8_t *)(void *)sums);
            intnic_store_sums(sums, layer->y_steps, &scales[channel + c], layer->y_step,
                              y + l * layer->y_line + c);
        }
    }
}
