/* Four channels of `count` output lines from their planes; codes are put together behind those. */
static INTNIC_NOINLINE void INTNIC_PASTE4(intnic_depthwise_codes, INTNIC_STRIDE, INTNIC_LINES,
                                          INTNIC_ODD)(
    const struct intnic_depthwise_3x3 *layer, intnic_pair *planes, int32_t channel, int32_t count,
    int8_t *y)
{
    int32_t times = layer->pairs - 1;
    int8_t *codes = (int8_t *)(void *)(planes + 4 * INTNIC_LINES * layer->pairs);

    for (int32_t c = 0; c < 4; c++) {
        const struct intnic_depthwise_filter filter = intnic_filter_codes(layer, channel + c);

        INTNIC_PASTE5(intnic_lines, INTNIC_STRIDE, INTNIC_LINES, INTNIC_ODD, codes)(
            planes + c, filter, count, times, codes + c);
    }
    intnic_store_lines(layer, codes, (INTNIC_STRIDE == 1 ? 8 : 4) * times, count, y);
}
