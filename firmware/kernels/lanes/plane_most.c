/* Three taps of two windows; the lower sum is counted from -2^15. */
#define INTNIC_PLANE_ROW(pair, x, w)                                                        \
    do {                                                                                    \
        int32_t lanes = 0x8000 + (x)[0] * (w)[0] + (x)[1] * (w)[1] + (x)[2] * (w)[2];       \
                                                                                            \
        pair.low += lanes & 0xffff;                                                         \
        pair.high += lanes >> 16;                                                           \
    } while (0)

/* The largest sum of a channel among four outputs, of whose windows x holds the words. */
static inline int32_t intnic_plane_most(const int32_t *x, const int32_t *w,
                                        const struct intnic_plane_rest *rest,
                                        const struct intnic_plane_rest *end, int32_t bias)
{
    struct intnic_plane_pair top = { bias - 3 * 0x8000, bias };
    struct intnic_plane_pair bottom = top;

    INTNIC_PLANE_ROW(top, x, w);
    INTNIC_PLANE_ROW(bottom, x + 3, w);
    INTNIC_PLANE_ROW(top, x + 3, w + 3);
    INTNIC_PLANE_ROW(bottom, x + 6, w + 3);
    INTNIC_PLANE_ROW(top, x + 6, w + 6);
    INTNIC_PLANE_ROW(bottom, x + 9, w + 6);
    return intnic_plane_largest(top, bottom, x, rest, end);
}

#undef INTNIC_PLANE_ROW
