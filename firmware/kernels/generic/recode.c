/* The code in `codes`, by code + 128, for each of `count` bytes, to places `to_step` apart. */
static inline void intnic_recode(const int8_t *from, int32_t count, const int8_t *codes, int8_t *to,
                                 int32_t to_step)
{
    codes += 128;
    for (; count > 0; count--) {
        *to = codes[*from++];
        to += to_step;
    }
}
