/* What is left of a weight, for with it three taps would be too much for a lane. */
struct intnic_plane_rest {
    uint8_t tap; /* as the first two outputs see it, a word */
    int8_t weight;
};

/* Sums of two neighbouring outputs, of which the lower one is counted from -2^15 a row. */
struct intnic_plane_pair {
    int32_t low, high;
};

/* The largest of four sums, to which their rests are added. */
static inline int32_t intnic_plane_largest(struct intnic_plane_pair top,
                                           struct intnic_plane_pair bottom, const int32_t *x,
                                           const struct intnic_plane_rest *rest, int32_t rests)
{
    for (; rests > 0; rests--) {
        int32_t upper = x[rest->tap] * rest->weight + 0x8000;
        int32_t lower = x[rest->tap + 3] * rest->weight + 0x8000;

        top.low += (upper & 0xffff) - 0x8000;
        top.high += upper >> 16;
        bottom.low += (lower & 0xffff) - 0x8000;
        bottom.high += lower >> 16;
        rest++;
    }
    top.low = intnic_max(top.low, bottom.low) - 3 * 0x8000;
    return intnic_max(top.low, intnic_max(top.high, bottom.high));
}
