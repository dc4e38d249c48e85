/* Writes `count` equal bytes; the compiler must not make a library call of it. */
static inline void intnic_fill(int32_t value, int32_t count, int8_t *to)
{
    int8_t byte = (int8_t)value;

    for (; count >= 4; count -= 4) {
        to[0] = byte;
        to[1] = byte;
        to[2] = byte;
        to[3] = byte;
        to += 4;
    }
    for (; count > 0; count--) {
        *to++ = byte;
    }
}
