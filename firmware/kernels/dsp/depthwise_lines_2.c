/* `windows` of one channel on every other of 2 * `count` lines, stride 2; `to` goes by fours. */
static inline void INTNIC_PASTE5(intnic_lines, 2, INTNIC_LINES, INTNIC_ODD, INTNIC_OUT)(
    const intnic_pair *plane, struct intnic_depthwise_filter filter, int32_t count,
    int32_t windows, int8_t *to)
{
    int32_t w0 = filter.w0, w1 = filter.w1, w2 = filter.w2;
    int32_t v0 = filter.v0, v1 = filter.v1;
    int32_t bias = filter.bias, m = filter.multiplier;

    for (; count > 0; count--) {
        const int8_t *end = to + 4 * windows;
#ifdef INTNIC_ASSEMBLY
        int32_t a, c, d, e;

        __asm__ volatile(INTNIC_LOAD_PAIR
                         INTNIC_PASTE2(INTNIC_ENTER, INTNIC_ODD)
                         ".p2align 2\n"
                         "1:\n\t"
                         INTNIC_ONE_WINDOW
                         "2:\n\t"
                         INTNIC_ONE_WINDOW
                         "cmp.w %[to], %[end]\n\t"
                         "bne.w 1b\n\t"
                         : [a] "=&r"(a), [c] "=&r"(c), [d] "=&r"(d), [e] "=&r"(e),
                           [plane] "+&r"(plane), [to] "+&r"(to)
                         : [w0] "r"(w0), [w1] "r"(w1), [w2] "r"(w2), [v0] "r"(v0), [v1] "r"(v1),
                           [m] "r"(m), [bias] "r"(bias), [end] "r"(end),
                           [next] "i"(16 * INTNIC_LINES)
                         : "cc", "memory");
#else
        for (; to != end; to += 4) {
            const intnic_pair *next = plane + 4 * INTNIC_LINES;
            int32_t a = bias;

            a = __smlad(plane[0], w0, __smlad(plane[4], w1, __smlad(plane[8], w2, a)));
            a += INTNIC_LOW(next[0]) * INTNIC_LOW(v0) + INTNIC_LOW(next[4]) * INTNIC_HIGH(v0) +
                 INTNIC_LOW(next[8]) * INTNIC_LOW(v1);
            INTNIC_PASTE2(intnic_put, INTNIC_OUT)(to, a, m);
            plane = next;
        }
        plane += 4 * INTNIC_LINES;
#endif
        plane += 8 - 4 * INTNIC_LINES * (windows + 1);
    }
}
