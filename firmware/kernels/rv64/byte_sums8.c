/*
 * One input of eight outputs: the bytes of a word, two at a time, in either half of words of 64 bits.
 * The first two are left among the others, whose sums are taken away at the end.
 */
#define INTNIC_BYTE_TAP(k)                                 \
    do {                                                   \
        uint64_t value = (uint64_t)(int64_t)x[k];          \
        uint64_t v = w[k];                                 \
                                                           \
        s0 += v * value;                                   \
        s1 += (v >> 8 & mask) * value;                     \
        s2 += (v >> 16 & mask) * value;                    \
        s3 += (v >> 24 & mask) * value;                    \
    } while (0)

/* Both halves of a word of two sums. */
static inline void intnic_halves(uint64_t word, int32_t *low, int32_t *high)
{
    *low = (int32_t)(uint32_t)word;
    *high = (int32_t)(uint32_t)((word - (uint64_t)(int64_t)*low) >> 32);
}

/* Sums over all inputs of the products with each byte, of which the first is the lowest. */
static INTNIC_NOINLINE void intnic_byte_sums8(const int8_t *x, const uint64_t *w, int32_t count,
                                              int32_t *sum)
{
    const uint64_t mask = 0x000000ff000000ffu;
    uint64_t s0 = 0;
    uint64_t s1 = 0;
    uint64_t s2 = 0;
    uint64_t s3 = 0;

    for (; count >= 4; count -= 4) {
        INTNIC_BYTE_TAP(0);
        INTNIC_BYTE_TAP(1);
        INTNIC_BYTE_TAP(2);
        INTNIC_BYTE_TAP(3);
        x += 4;
        w += 4;
    }
    for (; count > 0; count--) {
        INTNIC_BYTE_TAP(0);
        x++;
        w++;
    }
    s0 -= (s1 << 8) + (s2 << 16) + (s3 << 24);
    intnic_halves(s0, &sum[0], &sum[4]);
    intnic_halves(s1, &sum[1], &sum[5]);
    intnic_halves(s2, &sum[2], &sum[6]);
    intnic_halves(s3, &sum[3], &sum[7]);
}

#undef INTNIC_BYTE_TAP
