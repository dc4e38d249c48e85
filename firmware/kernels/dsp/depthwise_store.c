/* Four bytes to any address. */
static inline void intnic_store4(uint32_t word, int8_t *to)
{
    __builtin_memcpy(to, &word, sizeof word);
}

/* Codes of four channels to their places; a line of them is `pitch` bytes long. */
static INTNIC_NOINLINE void intnic_store_lines(const struct intnic_depthwise_3x3 *layer,
                                               const int8_t *codes, int32_t pitch, int32_t count,
                                               int8_t *y)
{
    int32_t step = layer->y_step;
    int32_t length = layer->y_steps;

    /* Lines that follow each other without a gap are one. */
    if (layer->y_line == length * step && pitch == 4 * length) {
        length *= count;
        count = 1;
    }
    for (; count > 0; count--) {
        const int8_t *from = codes;
        int8_t *to = y;
        int32_t steps = length;

        for (; steps > 3; steps -= 4) {
            uint32_t code0 = intnic_load4(from);
            uint32_t code1 = intnic_load4(from + 4);
            uint32_t code2 = intnic_load4(from + 8);
            uint32_t code3 = intnic_load4(from + 12);

            intnic_store4(code0, to);
            to += step;
            intnic_store4(code1, to);
            to += step;
            intnic_store4(code2, to);
            to += step;
            intnic_store4(code3, to);
            to += step;
            from += 16;
        }
        for (; steps > 0; steps--) {
            intnic_store4(intnic_load4(from), to);
            from += 4;
            to += step;
        }
        codes += pitch;
        y += layer->y_line;
    }
}
