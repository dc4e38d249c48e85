struct intnic_add {
    int32_t factor, factor1; /* a step of x and of x1, in 2^-shift steps of y */
    int32_t offset;          /* the three zero points, and the half that rounds */
    int32_t shift;           /* 0 .. 30 */
    int32_t low, high;       /* range of the activation */
};

/* Eight codes, and what they are on the way to and from their sums. */
typedef int8_t intnic_8_codes __attribute__((vector_size(8)));
typedef int16_t intnic_8_shorts __attribute__((vector_size(16)));
typedef int32_t intnic_8_ints __attribute__((vector_size(32)));
typedef intnic_8_codes intnic_8_codes_at __attribute__((aligned(1), may_alias));

#define INTNIC_LONG(codes) \
    __builtin_convertvector(__builtin_convertvector(codes, intnic_8_shorts), intnic_8_ints)
#define INTNIC_SHORT(ints) \
    __builtin_convertvector(__builtin_convertvector(ints, intnic_8_shorts), intnic_8_codes)

/*
 * y = floor((factor * x + factor1 * x1 + offset) / 2^shift), limited to low .. high, for one row.
 * The inputs advance by their steps, 0 if one value stands for all. No partial sum leaves int32: the
 * generator chose the shift for that. y may be x if its step is 1. Eight at a time where both inputs
 * lie side by side.
 */
static void intnic_add(const struct intnic_add *layer, const int8_t *x, int32_t step,
                       const int8_t *x1, int32_t step1, int32_t count, int8_t *y)
{
    /* A copy, as stores of bytes may change anything by the rules of C. */
    const struct intnic_add same = { layer->factor, layer->factor1, layer->offset, layer->shift,
                                     layer->low,    layer->high };

    for (; step == 1 && step1 == 1 && count >= 8; count -= 8) {
        intnic_8_ints sum = INTNIC_LONG(*(const intnic_8_codes_at *)x) * same.factor +
                            INTNIC_LONG(*(const intnic_8_codes_at *)x1) * same.factor1;
        intnic_8_ints value = (sum + same.offset) >> same.shift;

        value = (value & (value > same.low)) | (same.low & (value <= same.low));
        value = (value & (value < same.high)) | (same.high & (value >= same.high));
        *(intnic_8_codes_at *)y = INTNIC_SHORT(value);
        x += 8;
        x1 += 8;
        y += 8;
    }
    for (; count > 0; count--) {
        int32_t sum = *x * same.factor + *x1 * same.factor1 + same.offset;

        *y++ = (int8_t)intnic_min(intnic_max(sum >> same.shift, same.low), same.high);
        x += step;
        x1 += step1;
    }
}
