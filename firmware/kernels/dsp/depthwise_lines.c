/*
 * Sums of depthwise 3 x 3 windows. A channel's filter stays in registers while its windows go along
 * one line after the other.
 *
 * The loops are in assembly where compilers optimise: they take all registers, and all instructions
 * are wide and lie on words. The same in C stands beside them. INTNIC_OUT is `codes` where sums become
 * codes in the loop that makes them:
 *
 *     code = (256 * sum + bias) * multiplier / 2^40, rounded down and saturated,
 *
 * with numbers for which the generator has compared every sum at which the code changes with the
 * rounding rule. It is `sums` where there are no such numbers, and another loop scales them.
 */

/* How a channel's sums become codes, INTNIC_OUT = codes. */
struct intnic_depthwise_scale {
    int32_t bias;
    int32_t multiplier;
};

/*
 * The taps of a channel in registers, two in each: the first two of each line, then, with a stride of
 * 1, the last two of each, or, with a stride of 2, the third of lines 0 and 1, and that of line 2.
 */
struct intnic_depthwise_filter {
    int32_t w0, w1, w2;
    int32_t v0, v1, v2;
    int32_t bias;
    int32_t multiplier;
};

/* Bytes 1 and 3 of a word are a w, bytes 0 and 2 a v: 256 times what they are, */
static inline struct intnic_depthwise_filter intnic_filter_codes(
    const struct intnic_depthwise_3x3 *layer, int32_t channel)
{
    const struct intnic_depthwise_scale *scale = layer->scales;
    const uint32_t *taps = layer->taps + 3 * channel;
    const uint32_t mask = 0xff00ff00u;
    const struct intnic_depthwise_filter filter = {
        (int32_t)(taps[0] & mask),      (int32_t)(taps[1] & mask),      (int32_t)(taps[2] & mask),
        (int32_t)(taps[0] << 8 & mask), (int32_t)(taps[1] << 8 & mask), (int32_t)(taps[2] << 8 & mask),
        scale[channel].bias, scale[channel].multiplier,
    };

    return filter;
}

/* or as they are. */
static inline struct intnic_depthwise_filter intnic_filter_sums(
    const struct intnic_depthwise_3x3 *layer, int32_t channel)
{
    const struct intnic_scale *scale = layer->scales;
    const uint32_t *taps = layer->taps + 3 * channel;
    const struct intnic_depthwise_filter filter = {
        intnic_odd_bytes(taps[0]),  intnic_odd_bytes(taps[1]),  intnic_odd_bytes(taps[2]),
        intnic_even_bytes(taps[0]), intnic_even_bytes(taps[1]), intnic_even_bytes(taps[2]),
        scale[channel].bias, 0,
    };

    return filter;
}

#ifdef INTNIC_ASSEMBLY
/* From the sum in a register to its code, and that to memory; the other way sums stay sums. */
#define INTNIC_SCALED_codes(s) "smmul %[" s "], %[" s "], %[m]\n\t"
#define INTNIC_CODED_codes(s) "ssat %[" s "], #8, %[" s "], asr #8\n\t"
#define INTNIC_PUT_codes(s, at) "strb %[" s "], [%[to]" at "\n\t"
#define INTNIC_SCALED_sums(s)
#define INTNIC_CODED_sums(s)
#define INTNIC_PUT_sums(s, at) "str %[" s "], [%[to]" at "\n\t"
#define INTNIC_SCALED(s) INTNIC_PASTE2(INTNIC_SCALED, INTNIC_OUT)(s)
#define INTNIC_CODED(s) INTNIC_PASTE2(INTNIC_CODED, INTNIC_OUT)(s)
#define INTNIC_PUT(s, at) INTNIC_PASTE2(INTNIC_PUT, INTNIC_OUT)(s, at)

/* How to enter a loop that takes two words: at its second half if their number is odd. */
#define INTNIC_ENTER_0
#define INTNIC_ENTER_1 "b.w 2f\n\t"

/* Whether that was the last word of a line; a is its end. */
#define INTNIC_AT_END                                               \
    "cmp.w %[to], %[a]\n\t"                                         \
    "ldr.w %[a], %[bias]\n\t"

#define INTNIC_LOAD_PAIR                                            \
    "ldr.w %[d], [%[plane], #16]\n\t"                               \
    "ldr.w %[e], [%[plane], #32]\n\t"                               \
    "ldr %[c], [%[plane]], #%c[next]\n\t"
#else
/* Low and high step of a word. */
#define INTNIC_LOW(pair) ((int32_t)(int16_t)(pair))
#define INTNIC_HIGH(pair) ((pair) >> 16)

static inline void intnic_put_codes(int8_t *to, int32_t sum, int32_t multiplier)
{
    int64_t product = (int64_t)sum * multiplier;

    *to = (int8_t)intnic_max(-128, intnic_min(127, (int32_t)(product >> 40)));
}

static inline void intnic_put_sums(int8_t *to, int32_t sum, int32_t multiplier)
{
    (void)multiplier;
    *(intnic_pair *)(void *)to = sum;
}
#endif
