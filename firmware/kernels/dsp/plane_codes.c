/* Words of a channel: bias, weights (w00, w02), (w10, w12), (w01, w11), (w20, w22), (w21, 0), multiplier. */
#define INTNIC_PLANE_WORDS 7

/*
 * Codes of two sums, from the channel's multiplier in c. Channels whose shifts differ have weights
 * times powers of two, so that one shift and one addend, in d, do for all, as part of a saturation.
 */
#define INTNIC_PLANE_CODES(n)                                                                   \
    "smmla %[s1], %[s1], %[c], %[d]\n\t"                                                        \
    "smmla %[s0], %[s0], %[c], %[d]\n\t"                                                        \
    "ssat %[s1], #8, %[s1], asr #%c[shift]\n\t"                                                 \
    "ssat %[s0], #8, %[s0], asr #%c[shift]\n\t"

/* The same for one sum, in s0: what it is made by goes to even and odd. */
#define INTNIC_PLANE_CONSTANTS(n)                                                               \
    "ldr.w %[even], [%[w], #" n " * %c[words] + 24]\n\t"                                        \
    "ldr.w %[odd], %[addend]\n\t"
#define INTNIC_PLANE_CODE                                                                       \
    "smmla %[s0], %[s0], %[even], %[odd]\n\t"                                                   \
    "ssat %[s0], #8, %[s0], asr #%c[shift]\n\t"

static inline int32_t intnic_plane_code(int32_t sum, const int32_t *channel, int32_t addend,
                                        int32_t right)
{
    const struct intnic_scale scale = { 0, channel[6], addend, right };

    return intnic_scale_down(sum, &scale);
}
