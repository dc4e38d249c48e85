/* `pairs` times two windows of one channel on each of `count` lines, stride 1; `to` goes by fours. */
static inline void INTNIC_PASTE5(intnic_lines, 1, INTNIC_LINES, INTNIC_ODD, INTNIC_OUT)(
    const intnic_pair *plane, struct intnic_depthwise_filter filter, int32_t count,
    int32_t pairs, int8_t *to)
{
    int32_t w0 = filter.w0, w1 = filter.w1, w2 = filter.w2;
    int32_t v0 = filter.v0, v1 = filter.v1, v2 = filter.v2;
    int32_t bias = filter.bias, m = filter.multiplier;

    for (; count > 0; count--) {
        const int8_t *end = to + 8 * pairs;
#ifdef INTNIC_ASSEMBLY
        int32_t a, b, c, d, e;

        __asm__ volatile(INTNIC_LOAD_PAIR
                         "ldr.w %[a], %[bias]\n\t"
                         INTNIC_PASTE2(INTNIC_ENTER, INTNIC_ODD)
                         ".p2align 2\n"
                         "1:\n\t"
                         INTNIC_TWO_WINDOWS("bias", )
                         "2:\n\t"
                         INTNIC_TWO_WINDOWS("end", INTNIC_AT_END)
                         "bne.w 1b\n\t"
                         : [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d), [e] "=&r"(e),
                           [plane] "+&r"(plane), [to] "+&r"(to)
                         : [w0] "r"(w0), [w1] "r"(w1), [w2] "r"(w2), [v0] "r"(v0), [v1] "r"(v1),
                           [v2] "r"(v2), [m] "r"(m), [bias] "m"(bias), [end] "m"(end),
                           [next] "i"(16 * INTNIC_LINES)
                         : "cc", "memory");
#else
        for (; to != end; to += 8) {
            const intnic_pair *next = plane + 4 * INTNIC_LINES;
            int32_t a = bias, b = bias;

            a = __smlad(plane[0], w0, __smlad(plane[4], w1, __smlad(plane[8], w2, a)));
            a += INTNIC_LOW(next[0]) * INTNIC_HIGH(v0) + INTNIC_LOW(next[4]) * INTNIC_HIGH(v1) +
                 INTNIC_LOW(next[8]) * INTNIC_HIGH(v2);
            b = __smlad(next[0], v0, __smlad(next[4], v1, __smlad(next[8], v2, b)));
            b += INTNIC_HIGH(plane[0]) * INTNIC_LOW(w0) + INTNIC_HIGH(plane[4]) * INTNIC_LOW(w1) +
                 INTNIC_HIGH(plane[8]) * INTNIC_LOW(w2);
            INTNIC_PASTE2(intnic_put, INTNIC_OUT)(to, a, m);
            INTNIC_PASTE2(intnic_put, INTNIC_OUT)(to + 4, b, m);
            plane = next;
        }
        plane += 4 * INTNIC_LINES;
#endif
        plane += 4 - 4 * INTNIC_LINES * (pairs + 1);
    }
}
