/* y = the larger of x and the zero point. y may be x. */
static void intnic_relu(const int8_t *x, int32_t count, int32_t zero, int8_t *y)
{
    for (; count > 0; count--) {
        *y++ = (int8_t)intnic_max(*x++, zero);
    }
}
