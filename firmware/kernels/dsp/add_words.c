/* A sum of two tensors of one shape, four outputs at once, shifted by INTNIC_SHIFT. */
#ifndef INTNIC_ADD_WORDS
#define INTNIC_ADD_WORDS
#define INTNIC_ADD_JOIN_(shift) intnic_add_words_##shift
#define INTNIC_ADD_JOIN(shift) INTNIC_ADD_JOIN_(shift)

struct intnic_add_words {
    int32_t factor, factor1; /* a step of x and of x1, in 2^-shift steps of y; below 2^23 */
    int32_t offset;          /* the three zero points, and the half that rounds */
    int32_t count;
    struct intnic_range range;
};

/* The outputs 0 and 1, or 2 and 3, of four. */
#define INTNIC_ADD_TWO(half, shift, to, to1)                    \
    "smlaw" half " %[s], %[factor], %[c], %[offset]\n\t"        \
    "smlaw" half " %[t], %[factor], %[a], %[offset]\n\t"        \
    "smlaw" half " %[s], %[factor1], %[d], %[s]\n\t"            \
    "smlaw" half " %[t], %[factor1], %[b], %[t]\n\t"            \
    "ssat %[s], #8, %[s], asr #" shift "\n\t"                   \
    "ssat %[t], #8, %[t], asr #" shift "\n\t"                   \
    "strb.w %[s], [%[y]" to "\n\t"                              \
    "strb.w %[t], [%[y], #" to1 "]\n\t"
#define INTNIC_ADD_FOUR_(shift)                                 \
    "ldr.w %[a], [%[x]], #4\n\t"                                \
    "ldr.w %[b], [%[x1]], #4\n\t"                               \
    "and.w %[c], %[mask], %[a], lsl #8\n\t"                     \
    "and.w %[d], %[mask], %[b], lsl #8\n\t"                     \
    "and.w %[a], %[a], %[mask]\n\t"                             \
    "and.w %[b], %[b], %[mask]\n\t"                             \
    INTNIC_ADD_TWO("b", #shift, "], #4", "-3")                  \
    INTNIC_ADD_TWO("t", #shift, ", #-2]", "-1")
#define INTNIC_ADD_FOUR(shift) INTNIC_ADD_FOUR_(shift)
#endif

/*
 * y = floor((factor * x + factor1 * x1 + offset) / 2^INTNIC_SHIFT). No partial sum leaves int32: the
 * generator chose the shift for that. Bytes of a word are taken to the upper halves of 16 bits, two
 * an instruction; 256 times a factor by 256 times a code leaves their product above the 16 bits that
 * SMLAW drops. y may be x.
 */
static INTNIC_NOINLINE void INTNIC_ADD_JOIN(INTNIC_SHIFT)(const struct intnic_add_words *layer,
                                                          const int8_t *x, const int8_t *x1,
                                                          int8_t *y)
{
    int8_t *const first = y;
    int8_t *const end = y + layer->count;

#ifdef INTNIC_ASSEMBLY
    int8_t *const whole = y + (layer->count & ~7);

    if (y != whole) {
        uint32_t a, b, c, d;
        int32_t s, t;

        __asm__ volatile(
            ".p2align 2\n"
            "1:\n\t"
            INTNIC_ADD_FOUR(INTNIC_SHIFT) INTNIC_ADD_FOUR(INTNIC_SHIFT)
            "cmp.w %[y], %[whole]\n\t"
            "bne.w 1b\n\t"
            : [x] "+&r"(x), [x1] "+&r"(x1), [y] "+&r"(y), [a] "=&r"(a), [b] "=&r"(b), [c] "=&r"(c),
              [d] "=&r"(d), [s] "=&r"(s), [t] "=&r"(t)
            : [factor] "r"(layer->factor * 256), [factor1] "r"(layer->factor1 * 256),
              [offset] "r"(layer->offset), [whole] "r"(whole), [mask] "r"(0xff00ff00u)
            : "cc", "memory");
    }
#endif
    for (; y != end; y++) {
        int32_t sum = *x++ * layer->factor + (*x1++ * layer->factor1 + layer->offset);

        *y = (int8_t)intnic_min(intnic_max(sum >> INTNIC_SHIFT, -128), 127);
    }
    intnic_limit(first, layer->count, &layer->range);
}
