#define INTNIC_WINOGRAD_TILES 1
#define INTNIC_WINOGRAD_OUTPUTS 4

/* Two channels of two outputs. */
#define INTNIC_WINOGRAD_PAIR(a, b)                                     \
    do {                                                               \
        uint32_t w0 = w[0], w1 = w[1];                                 \
                                                                       \
        a += (x0 + w1) * (x1 + w0);                                    \
        w0 = (uint32_t)((int32_t)w0 >> 16);                            \
        w1 = (uint32_t)((int32_t)w1 >> 16);                            \
        b += (x0 + w1) * (x1 + w0);                                    \
        w += 2;                                                        \
    } while (0)

/* The sums of four outputs for all elements up to `end`; returns the weights of the next four. */
static INTNIC_NOINLINE const uint32_t *intnic_winograd_sums(const int32_t *x, const int32_t *end,
                                                            const uint32_t *w, int32_t channels,
                                                            uint32_t *sums)
{
    while (x != end) {
        uint32_t products = (uint32_t)x[0];
        uint32_t lower = (uint32_t)x[1];
        uint32_t sum0 = w[0] - lower;
        uint32_t sum1 = w[1] - products;
        uint32_t sum2 = w[2] - lower;
        uint32_t sum3 = w[3] - products;

        x += 2;
        w += 4;
        for (int32_t left = channels; left > 0; left -= 2) {
            uint32_t x0 = (uint32_t)x[0];
            uint32_t x1 = (uint32_t)x[1];

            INTNIC_WINOGRAD_PAIR(sum0, sum1);
            INTNIC_WINOGRAD_PAIR(sum2, sum3);
            x += 2;
        }
        sums[0] = sum0 - (sum1 << 16);
        sums[1] = sum1;
        sums[2] = sum2 - (sum3 << 16);
        sums[3] = sum3;
        sums += 4;
    }
    return w;
}

#undef INTNIC_WINOGRAD_PAIR
