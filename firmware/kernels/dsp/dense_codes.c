/* MACRO of arguments that are macros themselves. */
#define INTNIC_OF(MACRO, argument) MACRO(argument)

#define INTNIC_OF_TWO(MACRO, first, second) MACRO(first, second)
#define INTNIC_OF_THREE(MACRO, first, second, third) MACRO(first, second, third)
#define INTNIC_OF_FOUR(MACRO, first, second, third, fourth) MACRO(first, second, third, fourth)
#define INTNIC_GROUPS_OF(name) name##_groups

struct intnic_dense {
    /* For each group of outputs their biases, pairs of weights, and scales if each has its own. */
    const int8_t *weights;
    /* How 256 times a sum becomes a code: multiplier, addend before the shift, shift, 1 .. 31. */
    int32_t scale[3];
    int32_t end; /* bytes of inputs */
    int32_t outputs;
    struct intnic_range range;
};

/*
 * PLAIN: the product's top word, the addend with all that rounds, a shift. TFLITE: the product is
 * rounded first, and what is added before the shift is one less for a negative sum. SHIFT: as PLAIN, by
 * one shift for all layers, 9, which is part of SSAT; the generator has found numbers for that.
 */
#ifdef INTNIC_ASSEMBLY
/* In the registers of dense_sums.c: p is the multiplier, q the addend, w0 the shift. */
#define INTNIC_SCALE_PLAIN(s) "smmla %[" s "], %[" s "], %[p], %[q]\n\t"
#define INTNIC_SCALE_SHIFT INTNIC_SCALE_PLAIN
#define INTNIC_SCALE_TFLITE(s)                              \
    "add.w %[w1], %[q], %[" s "], asr #31\n\t"               \
    "asr.w %[" s "], %[" s "], #7\n\t"                      \
    "smmlar %[" s "], %[" s "], %[p], %[w1]\n\t"

/* Both to codes, by the shift in w0 or a fixed one. */
#define INTNIC_DOWN_PLAIN(a, b)                             \
    "asr.w %[" a "], %[" a "], %[w0]\n\t"                    \
    "asr.w %[" b "], %[" b "], %[w0]\n\t"                    \
    "ssat %[" a "], #8, %[" a "]\n\t"                       \
    "ssat %[" b "], #8, %[" b "]\n\t"
#define INTNIC_DOWN_TFLITE INTNIC_DOWN_PLAIN
#define INTNIC_DOWN_SHIFT(a, b)                             \
    "ssat %[" a "], #8, %[" a "], asr #9\n\t"               \
    "ssat %[" b "], #8, %[" b "], asr #9\n\t"
#define INTNIC_RIGHT_PLAIN "ldr.w %[w0], %[right]\n\t"
#define INTNIC_RIGHT_TFLITE INTNIC_RIGHT_PLAIN
#define INTNIC_RIGHT_SHIFT ""

/*
 * The codes of two sums by one scale: one's results come while the other is at work. Of all codes the
 * first is stored last, and moves x to the next.
 */
#define INTNIC_TWO_SAME(RULE, i, next, j, a, b)             \
    INTNIC_SCALE_##RULE(a)                                  \
    INTNIC_SCALE_##RULE(b)                                  \
    INTNIC_DOWN_##RULE(a, b)                                \
    "strb.w %[" b "], [%[x], #" j "]\n\t"                   \
    "strb.w %[" a "], [%[x]" i "]" next "\n\t"
#define INTNIC_SAME_SCALE(RULE)                             \
    "ldr.w %[p], %[multiplier]\n\t"                         \
    "ldr.w %[q], %[addend]\n\t" INTNIC_RIGHT_##RULE
#define INTNIC_CODES_SAME_2(RULE)                           \
    INTNIC_SAME_SCALE(RULE)                                 \
    INTNIC_TWO_SAME(RULE, "", ", #2", "1", "s0", "s1")
#define INTNIC_CODES_SAME_8(RULE)                           \
    INTNIC_SAME_SCALE(RULE)                                 \
    INTNIC_TWO_SAME(RULE, ", #2", "", "3", "s2", "s3")      \
    INTNIC_TWO_SAME(RULE, ", #4", "", "5", "s4", "s5")      \
    INTNIC_TWO_SAME(RULE, ", #6", "", "7", "s6", "s7")      \
    INTNIC_TWO_SAME(RULE, "", ", #8", "1", "s0", "s1")

/* The code of a sum by its own scale, which is behind the weights. */
#define INTNIC_ONE_EACH(RULE, i, at, s)                     \
    "ldr.w %[p], [%[w], #12 * " i "]\n\t"                   \
    "ldr.w %[q], [%[w], #12 * " i " + 4]\n\t"               \
    "ldr.w %[w0], [%[w], #12 * " i " + 8]\n\t"               \
    INTNIC_SCALE_##RULE(s)                                  \
    "asr.w %[" s "], %[" s "], %[w0]\n\t"                    \
    "ssat %[" s "], #8, %[" s "]\n\t"                       \
    "strb.w %[" s "], [%[x]" at "\n\t"
#define INTNIC_CODES_EACH_2(RULE)                           \
    INTNIC_ONE_EACH(RULE, "1", ", #1]", "s1")               \
    INTNIC_ONE_EACH(RULE, "0", "], #2", "s0")               \
    "add.w %[w], %[w], #12 * 2\n\t"
#define INTNIC_CODES_EACH_8(RULE)                           \
    INTNIC_ONE_EACH(RULE, "1", ", #1]", "s1")               \
    INTNIC_ONE_EACH(RULE, "2", ", #2]", "s2")               \
    INTNIC_ONE_EACH(RULE, "3", ", #3]", "s3")               \
    INTNIC_ONE_EACH(RULE, "4", ", #4]", "s4")               \
    INTNIC_ONE_EACH(RULE, "5", ", #5]", "s5")               \
    INTNIC_ONE_EACH(RULE, "6", ", #6]", "s6")               \
    INTNIC_ONE_EACH(RULE, "7", ", #7]", "s7")               \
    INTNIC_ONE_EACH(RULE, "0", "], #8", "s0")               \
    "add.w %[w], %[w], #12 * 8\n\t"

/* A group of outputs after the other, until `to` is at `stop`. */
#define INTNIC_GROUPS(INPUTS, ROWS, SCALES, RULE)           \
    ".p2align 2\n"                                          \
    "5:\n\t" INTNIC_SUMS(INPUTS, ROWS)                      \
    "ldr.w %[x], %[to]\n\t"                                 \
    INTNIC_CODES_##SCALES##_##ROWS(RULE)                    \
    "ldr.w %[p], %[stop]\n\t"                               \
    "str.w %[x], %[to]\n\t"                                 \
    "cmp.w %[x], %[p]\n\t"                                  \
    "bne.w 5b\n\t"                                          \
    "b.w 6f\n"                                              \
    INTNIC_SINGLE_STEPS(INPUTS, ROWS)                       \
    "6:\n\t"
#else
static inline int32_t intnic_scaled_PLAIN(int32_t sum, const int32_t *scale)
{
    return ((int32_t)(((int64_t)sum * scale[0]) >> 32) + scale[1]) >> scale[2];
}

#define intnic_scaled_SHIFT intnic_scaled_PLAIN

static inline int32_t intnic_scaled_TFLITE(int32_t sum, const int32_t *scale)
{
    int64_t product = (int64_t)(sum >> 7) * scale[0] + (int64_t)0x80000000;

    return ((int32_t)(product >> 32) + scale[1] + (sum >> 31)) >> scale[2];
}

#define INTNIC_SCALES_SAME(i) layer->scale
#define INTNIC_SCALES_EACH(i) (w += 3) - 3
#define INTNIC_CODES(ROWS, SCALES, RULE)                                                \
    for (int32_t i = 0; i < ROWS; i++) {                                                   \
        int32_t code = intnic_scaled_##RULE(sums[i], INTNIC_SCALES_##SCALES(i));        \
                                                                                        \
        to[i] = (int8_t)intnic_min(intnic_max(code, -128), 127);                        \
    }
#endif
