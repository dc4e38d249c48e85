/* Words of a channel: as for the other rule, then addend and shift; bias and weights are doubled. */
#define INTNIC_PLANE_WORDS 9

/* Codes of two sums, doubled, from the channel's multiplier in c. */
#define INTNIC_PLANE_CODES(n)                                                                   \
    "ldr.w %[a], [%[w], #" n " * %c[words] + 28]\n\t"                                           \
    "ldr.w %[b], [%[w], #" n " * %c[words] + 32]\n\t"                                           \
    "add.w %[d], %[a], %[s1], asr #31\n\t"                                                      \
    "add.w %[a], %[a], %[s0], asr #31\n\t"                                                      \
    "smmlar %[s1], %[s1], %[c], %[d]\n\t"                                                       \
    "smmlar %[s0], %[s0], %[c], %[a]\n\t"                                                       \
    "asr.w %[s1], %[s1], %[b]\n\t"                                                              \
    "asr.w %[s0], %[s0], %[b]\n\t"                                                              \
    "ssat %[s1], #8, %[s1]\n\t"                                                                 \
    "ssat %[s0], #8, %[s0]\n\t"

/* The same for one sum, in s0: what it is made by goes to even, odd and c. */
#define INTNIC_PLANE_CONSTANTS(n)                                                               \
    "ldr.w %[even], [%[w], #" n " * %c[words] + 24]\n\t"                                        \
    "ldr.w %[odd], [%[w], #" n " * %c[words] + 28]\n\t"                                         \
    "ldr.w %[c], [%[w], #" n " * %c[words] + 32]\n\t"
#define INTNIC_PLANE_CODE                                                                       \
    "add.w %[odd], %[odd], %[s0], asr #31\n\t"                                                  \
    "smmlar %[s0], %[s0], %[even], %[odd]\n\t"                                                  \
    "asr.w %[s0], %[s0], %[c]\n\t"                                                              \
    "ssat %[s0], #8, %[s0]\n\t"

static inline int32_t intnic_plane_code(int32_t sum, const int32_t *channel, int32_t addend,
                                        int32_t right)
{
    const struct intnic_scale scale = { 0, channel[6], channel[7], channel[8] };

    (void)addend;
    (void)right;
    return intnic_scale_down(sum >> 1, &scale);
}
