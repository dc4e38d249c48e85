/* Q16.16 fixed point to int8: value * factor, rounded as the layers round, + zero, saturated. */
static void intnic_from_q16(const int32_t *x, int32_t count, const struct intnic_channel *factor,
                            const struct intnic_output *output, int8_t *y)
{
    for (; count > 0; count--) {
        *y++ = intnic_requantize(*x++, factor, output);
    }
}

/*
 * int8 to Q16.16: (x - zero) * 2^prescale * multiplier / 2^(33 + shift), rounded. The generator has
 * proved that neither the shifted difference nor the result leaves int32.
 */
static void intnic_to_q16(const int8_t *x, int32_t count, const struct intnic_channel *factor,
                          int32_t zero, int32_t prescale, int32_t *y)
{
    for (; count > 0; count--) {
        int32_t high = intnic_mul_high((*x++ - zero) * (1 << prescale), factor->multiplier);

        *y++ = ((high >> factor->shift) + 1) >> 1;
    }
}
