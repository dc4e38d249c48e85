/* y = what the table says of x; its 256 entries are for -128 .. 127. y may be x. */
static void intnic_lookup(const int8_t *x, int32_t count, const int8_t *table, int8_t *y)
{
    const int8_t *zero = table + 128;

    for (; count >= 4; count -= 4) {
        int32_t a = x[0];
        int32_t b = x[1];
        int32_t c = x[2];
        int32_t d = x[3];

        y[0] = zero[a];
        y[1] = zero[b];
        y[2] = zero[c];
        y[3] = zero[d];
        x += 4;
        y += 4;
    }
    for (; count > 0; count--) {
        *y++ = zero[*x++];
    }
}
