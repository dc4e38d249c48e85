/*
 * Index less 128 of the largest of `count` values that lie `step` apart, the first of equal ones, for
 * each of `step` neighbours in each of `blocks`. y may be x.
 */
static void intnic_argmax(const int8_t *x, int32_t blocks, int32_t count, int32_t step, int8_t *y)
{
    for (; blocks > 0; blocks--) {
        for (int32_t first = 0; first < step; first++) {
            const int8_t *value = x + first;
            int32_t most = *value;
            int32_t index = 0;

            for (int32_t i = 1; i < count; i++) {
                int32_t more;

                value += step;
                more = *value - most;
                /* All ones if the value is larger, else zero. */
                more &= -more >> 31;
                most += more;
                index += (i - index) & (-more >> 31);
            }
            *y++ = (int8_t)(index - 128);
        }
        x += count * step;
    }
}
