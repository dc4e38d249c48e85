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

/* The taps of a channel in registers; each is a pair of int16. */
struct intnic_depthwise_filter {
    int32_t w[3]; /* of each line the first two */
    int32_t v[3]; /* stride 1: of each line the last two; stride 2: the third of lines 0 1, and 2 */
    int32_t bias;
    int32_t multiplier;
};

/* Bytes 1 and 3 of a word are a w, bytes 0 and 2 a v; 256 times what they are, */
static inline void intnic_load_filter_codes(const uint32_t *taps, const void *scales, int32_t channel,
                                            struct intnic_depthwise_filter *filter)
{
    const struct intnic_depthwise_scale *scale = scales;

    for (int32_t l = 0; l < 3; l++) {
        filter->w[l] = (int32_t)(taps[l] & 0xff00ff00u);
        filter->v[l] = (int32_t)(taps[l] << 8 & 0xff00ff00u);
    }
    filter->bias = scale[channel].bias;
    filter->multiplier = scale[channel].multiplier;
}

/* or as they are. */
static inline void intnic_load_filter_sums(const uint32_t *taps, const void *scales, int32_t channel,
                                           struct intnic_depthwise_filter *filter)
{
    const struct intnic_scale *scale = scales;

    for (int32_t l = 0; l < 3; l++) {
        filter->w[l] = intnic_odd_bytes(taps[l]);
        filter->v[l] = intnic_even_bytes(taps[l]);
    }
    filter->bias = scale[channel].bias;
    filter->multiplier = scale[channel].multiplier;
}

/*
 * A word of each of three lines ends the windows that began with the words before, and begins those
 * after them.
 */
#ifdef __OPTIMIZE__
#define INTNIC_LOAD_PAIR                                            \
    "ldr.w %[d], [%[plane], #16]\n\t"                               \
    "ldr.w %[e], [%[plane], #32]\n\t"                               \
    "ldr %[c], [%[plane]], #%c[next]\n\t"

/* Stride 1: a window from the word's first step, and one from its second. */
#define INTNIC_BEGIN_TWO                                            \
    "smlatb %[b], %[c], %[w0], %[a]\n\t"                             \
    "smlad %[a], %[c], %[w0], %[a]\n\t"                              \
    "smlatb %[b], %[d], %[w1], %[b]\n\t"                             \
    "smlad %[a], %[d], %[w1], %[a]\n\t"                              \
    "smlatb %[b], %[e], %[w2], %[b]\n\t"                             \
    "smlad %[a], %[e], %[w2], %[a]\n\t"
#define INTNIC_END_TWO                                              \
    "smlabt %[a], %[c], %[v0], %[a]\n\t"                            \
    "smlad %[b], %[c], %[v0], %[b]\n\t"                             \
    "smlabt %[a], %[d], %[v1], %[a]\n\t"                            \
    "smlad %[b], %[d], %[v1], %[b]\n\t"                             \
    "smlabt %[a], %[e], %[v2], %[a]\n\t"                            \
    "smlad %[b], %[e], %[v2], %[b]\n\t"
/* The second store lies behind the load of what is needed next, where it costs nothing. */
#define INTNIC_OUT_TWO_codes(next)                                  \
    "smmul %[a], %[a], %[m]\n\t"                                    \
    "smmul %[b], %[b], %[m]\n\t"                                    \
    "ssat %[a], #8, %[a], asr #8\n\t"                               \
    "strb %[a], [%[to]], #8\n\t"                                    \
    "ssat %[b], #8, %[b], asr #8\n\t"                               \
    "ldr.w %[a], %[" next "]\n\t"                                   \
    "strb %[b], [%[to], #-4]\n\t"
#define INTNIC_OUT_TWO_sums(next)                                   \
    "str %[a], [%[to]], #8\n\t"                                     \
    "ldr.w %[a], %[" next "]\n\t"                                   \
    "str %[b], [%[to], #-4]\n\t"

/* How to enter a loop that takes two words: at its second half if their number is odd. */
#define INTNIC_ENTER_0
#define INTNIC_ENTER_1 "b.w 2f\n\t"

/* Stride 2: one window from each word. */
#define INTNIC_BEGIN_ONE                                            \
    "smlad %[a], %[c], %[w0], %[bias]\n\t"                          \
    "smlad %[a], %[d], %[w1], %[a]\n\t"                             \
    "smlad %[a], %[e], %[w2], %[a]\n\t"
#define INTNIC_END_ONE                                              \
    "smlabb %[a], %[c], %[v0], %[a]\n\t"                            \
    "smlabt %[a], %[d], %[v0], %[a]\n\t"                            \
    "smlabb %[a], %[e], %[v1], %[a]\n\t"
#define INTNIC_OUT_ONE_codes                                        \
    "smmul %[a], %[a], %[m]\n\t"                                    \
    "ssat %[a], #8, %[a], asr #8\n\t"                               \
    "strb %[a], [%[to]], #4\n\t"
#define INTNIC_OUT_ONE_sums                                         \
    "str %[a], [%[to]], #4\n\t"
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
