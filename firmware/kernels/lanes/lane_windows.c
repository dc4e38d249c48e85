/* Three taps of two windows, in two sums. Without the half, which comes first, a word may overflow. */
#define INTNIC_LANE_ROW(x, w0, w1, w2)                                             \
    do {                                                                           \
        int32_t lanes = 0x8000 + x[0] * w0 + x[1] * w1 + x[2] * w2;                \
                                                                                   \
        low += lanes & 0xffff;                                                     \
        high += lanes >> 16;                                                       \
        x += step;                                                                 \
    } while (0)

/* The same for weights of which three are too much for a lane. */
#define INTNIC_LANE_ROW_APART(x, w0, w1, w2)                                       \
    do {                                                                           \
        int32_t lanes = 0x8000 + x[0] * w0 + x[1] * w1;                            \
        int32_t third = x[2] * w2 + 0x8000;                                        \
                                                                                   \
        low += (lanes & 0xffff) + (third & 0xffff);                                \
        high += (lanes >> 16) + (third >> 16);                                     \
        x += step;                                                                 \
    } while (0)

/*
 * Sums of windows of three rows, two at a time, each pair `step` words on. Lower halves are counted
 * from -2^15.
 */
static INTNIC_NOINLINE void intnic_lane_windows(const int32_t *x0, const int32_t *x1,
                                                const int32_t *x2, const int8_t *w, int solid,
                                                int32_t step, int32_t bias, int32_t pairs,
                                                int32_t *sum)
{
    int32_t w0 = w[0], w1 = w[1], w2 = w[2];
    int32_t w3 = w[3], w4 = w[4], w5 = w[5];
    int32_t w6 = w[6], w7 = w[7], w8 = w[8];

    if (solid) {
        for (; pairs > 0; pairs--) {
            int32_t low = bias - 3 * 0x8000;
            int32_t high = bias;

            INTNIC_LANE_ROW(x0, w0, w1, w2);
            INTNIC_LANE_ROW(x1, w3, w4, w5);
            INTNIC_LANE_ROW(x2, w6, w7, w8);
            sum[0] = low;
            sum[1] = high;
            sum += 2;
        }
    } else {
        for (; pairs > 0; pairs--) {
            int32_t low = bias - 6 * 0x8000;
            int32_t high = bias;

            INTNIC_LANE_ROW_APART(x0, w0, w1, w2);
            INTNIC_LANE_ROW_APART(x1, w3, w4, w5);
            INTNIC_LANE_ROW_APART(x2, w6, w7, w8);
            sum[0] = low;
            sum[1] = high;
            sum += 2;
        }
    }
}

#undef INTNIC_LANE_ROW
#undef INTNIC_LANE_ROW_APART
