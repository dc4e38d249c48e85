/* One input times the weights of four channels; loads first, as cores pipeline them. */
#define INTNIC_TAP(k)                 \
    do {                              \
        int32_t value = x[k];         \
        int32_t w0 = w[4 * (k)];      \
        int32_t w1 = w[4 * (k) + 1];  \
        int32_t w2 = w[4 * (k) + 2];  \
        int32_t w3 = w[4 * (k) + 3];  \
                                      \
        sum0 += value * w0;           \
        sum1 += value * w1;           \
        sum2 += value * w2;           \
        sum3 += value * w3;           \
    } while (0)

/* sum[i] += sum of w[k][i] * x[k] over all taps k, for four channels i at once. */
static INTNIC_NOINLINE void intnic_dot4(const int8_t *x, const int8_t *w, int32_t taps,
                                        int32_t *sum)
{
    int32_t sum0 = sum[0];
    int32_t sum1 = sum[1];
    int32_t sum2 = sum[2];
    int32_t sum3 = sum[3];

    for (int32_t left = taps >> 2; left > 0; left--) {
        INTNIC_TAP(0);
        INTNIC_TAP(1);
        INTNIC_TAP(2);
        INTNIC_TAP(3);
        x += 4;
        w += 16;
    }
    for (int32_t left = taps & 3; left > 0; left--) {
        INTNIC_TAP(0);
        x += 1;
        w += 4;
    }
    sum[0] = sum0;
    sum[1] = sum1;
    sum[2] = sum2;
    sum[3] = sum3;
}

#undef INTNIC_TAP
