/* Copies `count` bytes that lie `step` apart, which may be negative, to places `to_step` apart. */
static inline void intnic_copy_strided(const int8_t *from, int32_t step, int32_t count, int8_t *to,
                                       int32_t to_step)
{
    for (; count > 0; count--) {
        *to = *from;
        from += step;
        to += to_step;
    }
}
