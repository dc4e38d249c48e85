/* Limits codes to the range of the activation, if that is not all of int8. */
static INTNIC_NOINLINE void intnic_limit(int8_t *y, int32_t count, const struct intnic_range *range)
{
    if (range->low <= -128 && range->high >= 127) {
        return;
    }
    for (; count > 0; count--) {
        *y = (int8_t)intnic_min(intnic_max(*y, range->low), range->high);
        y++;
    }
}
