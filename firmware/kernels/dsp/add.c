struct intnic_add {
    int32_t factor, factor1; /* a step of x and of x1, in 2^-shift steps of y */
    int32_t offset;          /* the three zero points, and the half that rounds */
    int32_t shift;           /* 0 .. 30 */
    int32_t low, high;       /* range of the activation */
};

/* The code of one pair, saturated to int8. */
static inline int8_t intnic_add_pair(const struct intnic_add *layer, int32_t x, int32_t x1)
{
    int32_t sum = (x * layer->factor + (x1 * layer->factor1 + layer->offset)) >> layer->shift;

    /* C has no SSAT, and compilers take four instructions for a limit. */
    __asm__("ssat %0, #8, %1" : "=r"(sum) : "r"(sum));
    return (int8_t)sum;
}

/*
 * y = floor((factor * x + factor1 * x1 + offset) / 2^shift), limited to low .. high, for one row.
 * The inputs advance by their steps, 0 if one value stands for all. No partial sum leaves int32: the
 * generator chose the shift for that. y may be x if its step is 1. Four pairs at a time where both
 * inputs lie side by side.
 */
static void intnic_add(const struct intnic_add *layer, const int8_t *x, int32_t step,
                       const int8_t *x1, int32_t step1, int32_t count, int8_t *y)
{
    /* A copy, as stores of bytes may change anything by the rules of C. */
    const struct intnic_add same = { layer->factor, layer->factor1, layer->offset, layer->shift,
                                     layer->low,    layer->high };
    int8_t *row = y;
    int32_t whole = count;

    if (step == 1 && step1 == 1) {
        for (; count >= 4; count -= 4) {
            uint32_t a;
            uint32_t b;

            __builtin_memcpy(&a, x, sizeof a);
            __builtin_memcpy(&b, x1, sizeof b);
            y[0] = intnic_add_pair(&same, (int8_t)a, (int8_t)b);
            y[1] = intnic_add_pair(&same, (int8_t)(a >> 8), (int8_t)(b >> 8));
            y[2] = intnic_add_pair(&same, (int8_t)(a >> 16), (int8_t)(b >> 16));
            y[3] = intnic_add_pair(&same, (int8_t)(a >> 24), (int8_t)(b >> 24));
            x += 4;
            x1 += 4;
            y += 4;
        }
    }
    for (; count > 0; count--) {
        *y++ = intnic_add_pair(&same, *x, *x1);
        x += step;
        x1 += step1;
    }
    if (same.low > -128 || same.high < 127) {
        for (; whole > 0; whole--) {
            *row = (int8_t)intnic_min(intnic_max(*row, same.low), same.high);
            row++;
        }
    }
}
