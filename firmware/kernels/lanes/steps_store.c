/* The codes of sums, `pitch` bytes apart. */
static INTNIC_NOINLINE void intnic_store_steps(const int32_t *sum, int32_t count,
                                               const struct intnic_steps *steps,
                                               const struct intnic_range *range, int32_t pitch,
                                               int8_t *y)
{
    struct intnic_steps same;

    intnic_copy_steps(steps, &same);
    for (; count > 0; count--) {
        *y = intnic_code_steps(*sum++, &same, range);
        y += pitch;
    }
}
