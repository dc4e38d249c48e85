/* One tap of four pixels. */
#define INTNIC_LANE_TAP(k)         \
    do {                           \
        int32_t weight = w[k];     \
                                   \
        a += x[2 * (k)] * weight;  \
        b += x[2 * (k) + 1] * weight; \
    } while (0)

/* sum[p] += sum of the products of pixel p over all taps, but for the offset of its lower halves. */
static INTNIC_NOINLINE void intnic_lane_sums(const int32_t *x, const int8_t *w,
                                             const uint16_t *runs, int32_t words, int32_t *sum)
{
    int32_t sum0 = sum[0];
    int32_t sum1 = sum[1];
    int32_t sum2 = sum[2];
    int32_t sum3 = sum[3];

    for (; words > 0; words--) {
        uint32_t ends = (uint32_t)*runs++ << 16;

        while (ends != 0) {
            int32_t a = 0x8000;
            int32_t b = 0x8000;
            uint32_t end;

            do {
                INTNIC_LANE_TAP(0);
                INTNIC_LANE_TAP(1);
                INTNIC_LANE_TAP(2);
                INTNIC_LANE_TAP(3);
                x += 8;
                w += 4;
                end = ends;
                ends <<= 1;
            } while (end < 0x80000000u);
            sum0 += a & 0xffff;
            sum1 += a >> 16;
            sum2 += b & 0xffff;
            sum3 += b >> 16;
        }
    }
    sum[0] = sum0;
    sum[1] = sum1;
    sum[2] = sum2;
    sum[3] = sum3;
}

#undef INTNIC_LANE_TAP
