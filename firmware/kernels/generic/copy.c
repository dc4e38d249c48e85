/*
 * Copies `count` bytes and returns the end of the copy; the compiler must not make a library call of
 * it.
 */
static inline int8_t *intnic_copy(const int8_t *from, int32_t count, int8_t *to)
{
    for (; count >= 4; count -= 4) {
        int8_t a = from[0];
        int8_t b = from[1];
        int8_t c = from[2];
        int8_t d = from[3];

        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
        from += 4;
        to += 4;
    }
    for (; count > 0; count--) {
        *to++ = *from++;
    }
    return to;
}
