static inline void intnic_widen_four(uint32_t word, intnic_pair *to)
{
    uint32_t q = intnic_inputs_q(word);

    to[0] = (intnic_pair)q;
    to[1] = (intnic_pair)intnic_inputs_p(q);
}

/* q and p of all inputs, the last filled up with zeros to four. */
static INTNIC_NOINLINE void intnic_widen_inputs(const int8_t *x, int32_t count, intnic_pair *to)
{
    /* Sixteen a round, and eight. */
    for (; count >= 16; count -= 16) {
        uint32_t a = intnic_load4(x), b = intnic_load4(x + 4);
        uint32_t c = intnic_load4(x + 8), d = intnic_load4(x + 12);

        intnic_widen_four(a, to);
        intnic_widen_four(b, to + 2);
        intnic_widen_four(c, to + 4);
        intnic_widen_four(d, to + 6);
        x += 16;
        to += 8;
    }
    for (; count >= 8; count -= 8) {
        uint32_t first = intnic_load4(x);
        uint32_t second = intnic_load4(x + 4);

        intnic_widen_four(first, to);
        intnic_widen_four(second, to + 2);
        x += 8;
        to += 4;
    }
    while (count > 0) {
        uint32_t word = 0;

        for (int32_t i = 0; i < 4 && count > 0; i++) {
            word |= (uint32_t)(uint8_t)*x++ << (8 * i);
            count--;
        }
        intnic_widen_four(word, to);
        to += 2;
    }
}
