#define INTNIC_PASTE_(a, b) a##_##b
#define INTNIC_PASTE(a, b) INTNIC_PASTE_(a, b)

/* Three words of the next column. */
#define INTNIC_LANE_COLUMN(c) \
    do {                      \
        c##0 = x[0];          \
        c##1 = x[1];          \
        c##2 = x[2];          \
        x += pitch;           \
    } while (0)
/* The sums of three windows whose columns are in c, d and e. */
#define INTNIC_LANE_WINDOW(c, d, e)                                          \
    do {                                                                     \
        int64_t word = c##0 * w0 + c##1 * w3 + c##2 * w6 + d##0 * w1 +       \
                       d##1 * w4 + d##2 * w7 + e##0 * w2 + e##1 * w5 +       \
                       e##2 * w8;                                            \
        int64_t above = intnic_parts_above(word);                            \
                                                                             \
        sum[0] = intnic_part(word);                                          \
        sum[INTNIC_COLUMN_SUMS] = intnic_part(above);                        \
        sum[2 * INTNIC_COLUMN_SUMS] = (int32_t)intnic_parts_above(above);    \
        sum++;                                                               \
    } while (0)

/*
 * Sums of `lines` rows of windows, each of `count`, of every part INTNIC_COLUMN_SUMS words on. Words lie
 * column by column, `pitch` from one to the next; those that windows have in common are kept.
 */
static INTNIC_NOINLINE void INTNIC_PASTE(intnic_lane_columns, INTNIC_STRIDE)(
    const int64_t *words, int32_t pitch, const int8_t *w, int32_t runs, int32_t lines, int32_t count,
    int32_t *sum)
{
    int64_t w0 = w[0], w1 = w[1], w2 = w[2];
    int64_t w3 = w[3], w4 = w[4], w5 = w[5];
    int64_t w6 = w[6], w7 = w[7], w8 = w[8];

    (void)runs; /* no window is too long for one */
    for (; lines > 0; lines--) {
        const int64_t *x = words;
        const int32_t *end = sum + count;
        int64_t c0, c1, c2, d0, d1, d2, e0, e1, e2;

        INTNIC_LANE_COLUMN(c);
#if INTNIC_STRIDE == 1
        INTNIC_LANE_COLUMN(d);
        for (;;) {
            INTNIC_LANE_COLUMN(e);
            INTNIC_LANE_WINDOW(c, d, e);
            if (sum == end) {
                break;
            }
            INTNIC_LANE_COLUMN(c);
            INTNIC_LANE_WINDOW(d, e, c);
            if (sum == end) {
                break;
            }
            INTNIC_LANE_COLUMN(d);
            INTNIC_LANE_WINDOW(e, c, d);
            if (sum == end) {
                break;
            }
        }
#else
        for (;;) {
            INTNIC_LANE_COLUMN(d);
            INTNIC_LANE_COLUMN(e);
            INTNIC_LANE_WINDOW(c, d, e);
            if (sum == end) {
                break;
            }
            INTNIC_LANE_COLUMN(d);
            INTNIC_LANE_COLUMN(c);
            INTNIC_LANE_WINDOW(e, d, c);
            if (sum == end) {
                break;
            }
        }
#endif
        words += INTNIC_STRIDE;
    }
}

#undef INTNIC_LANE_COLUMN
#undef INTNIC_LANE_WINDOW
#undef INTNIC_PASTE
#undef INTNIC_PASTE_
