/* The codes of sums, `pitch` bytes apart. */
static inline void intnic_store_slope(const int32_t *sum, int32_t count,
                                      const struct intnic_slope *slope,
                                      const struct intnic_range *range, int32_t pitch, int8_t *y)
{
    struct intnic_slope same;

    intnic_copy_slope(slope, &same);
    for (; count >= 4; count -= 4) {
        y[0] = intnic_code_slope(sum[0], &same, range);
        y[pitch] = intnic_code_slope(sum[1], &same, range);
        y[2 * pitch] = intnic_code_slope(sum[2], &same, range);
        y[3 * pitch] = intnic_code_slope(sum[3], &same, range);
        sum += 4;
        y += 4 * pitch;
    }
    for (; count > 0; count--) {
        *y = intnic_code_slope(*sum++, &same, range);
        y += pitch;
    }
}
