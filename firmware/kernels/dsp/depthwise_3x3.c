/*
 * A whole layer: some output lines at a time, four channels at a time, the last four again if they
 * are not a multiple.
 */
static void INTNIC_PASTE5(intnic_depthwise_3x3, INTNIC_OUT, INTNIC_STRIDE, INTNIC_LINES, INTNIC_ODD)(
    const struct intnic_depthwise_3x3 *layer, const int8_t *x, intnic_pair *planes, int8_t *y)
{
    for (int32_t first = 0; first < layer->y_lines; first += layer->at_once) {
        int32_t count = intnic_min(layer->at_once, layer->y_lines - first);
        int32_t top = first * INTNIC_STRIDE - layer->pad_lines;
        int32_t end = top + (count - 1) * INTNIC_STRIDE + 3;

        intnic_lay_outside(layer, INTNIC_LINES, top, end, planes);
        for (int32_t next = 0; next < layer->depth; next += 4) {
            int32_t channel = intnic_min(next, layer->depth - 4);

            INTNIC_PASTE2(intnic_lay_lines, INTNIC_LINES)(layer, x + channel, top, end, planes);
            INTNIC_PASTE5(intnic_depthwise, INTNIC_OUT, INTNIC_STRIDE, INTNIC_LINES, INTNIC_ODD)(
                layer, planes, channel, count, y + channel);
        }
        y += count * layer->y_line;
    }
}
