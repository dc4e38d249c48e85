/* The codes of sums, `pitch` bytes apart. */
static INTNIC_NOINLINE void intnic_store_scale(const int32_t *sum, int32_t count,
                                               const struct intnic_scale *scale,
                                               const struct intnic_range *range, int32_t pitch,
                                               int8_t *y)
{
    for (; count > 0; count--) {
        *y = intnic_code_scale(*sum++, scale, range);
        y += pitch;
    }
}
