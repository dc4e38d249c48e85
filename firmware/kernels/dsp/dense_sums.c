/*
 * 256 times the sums of eight outputs of a dense layer, or of two. Weights are pairs, 256 * w1 + w0 in 16 bits,
 * so that a word holds four as int8 would, and only one of two products needs it unpacked:
 *
 *     (256 * w1 + w0) * p + w0 * q = 256 * (w1 * (x1 + 128) + w0 * x0) + 255 * w0,
 *     p = x1 + 128,  q = 256 * x0 + 127 - x1
 *
 * Both fit 16 bits, and q has the bytes of x0 and x1 but for some that are inverted. What is more
 * than 256 times the sum is part of the bias. All is modulo 2^32: the generator has proved that 256
 * times the final sum fits.
 */

/* Of four inputs as they lie in memory, q of both pairs, and p of both from that. */
static inline uint32_t intnic_inputs_q(uint32_t word)
{
    uint32_t swapped;

    /* Compilers take five instructions for it. */
    __asm__("rev16 %0, %1" : "=r"(swapped) : "r"(word));
    return swapped ^ 0x007f007fu;
}

static inline uint32_t intnic_inputs_p(uint32_t q)
{
    return ~q & 0x00ff00ffu;
}

#ifdef INTNIC_ASSEMBLY
/* How the inputs of a step are loaded, and made p and q: those widened before, and others. */
#define INTNIC_LOAD_WIDE                                                        \
    "ldr.w %[p], [%[x], #4]\n\t"                                                \
    "ldr.w %[q], [%[x]], #8\n\t"
#define INTNIC_MAKE_WIDE ""
#define INTNIC_LOAD_DIRECT "ldr.w %[q], [%[x]], #4\n\t"
#define INTNIC_MAKE_DIRECT                                                      \
    "rev16.w %[q], %[q]\n\t"                                                    \
    "eor.w %[p], %[q], #0x00800080\n\t"                                         \
    "eor.w %[q], %[q], #0x007f007f\n\t"                                         \
    "uxtb16.w %[p], %[p]\n\t"
#define INTNIC_STEP(INPUTS, ROWS, LAST)                                         \
    INTNIC_STEP_##ROWS(INTNIC_LOAD_##INPUTS, INTNIC_MAKE_##INPUTS, LAST)

/* Blocks of steps, and how many bytes of inputs each reads, a power of two. */
#define INTNIC_BLOCK_WIDE(ROWS, AGAIN) INTNIC_BLOCK(WIDE, ROWS, AGAIN)
#define INTNIC_BLOCK_DIRECT(ROWS, AGAIN)                                        \
    INTNIC_STEP(DIRECT, ROWS, "") INTNIC_STEP(DIRECT, ROWS, AGAIN)
#define INTNIC_BYTES_WIDE (8 * INTNIC_BLOCK_STEPS)
#define INTNIC_BYTES_DIRECT (4 * 2)
#define INTNIC_BYTES(INPUTS) INTNIC_BYTES_##INPUTS

/* What sums begin with, which is before their weights. */
#define INTNIC_STARTS_2                                                         \
    "ldr.w %[s1], [%[w], #4]\n\t"                                               \
    "ldr.w %[s0], [%[w]], #8\n\t"
#define INTNIC_STARTS_8                                                         \
    "ldr.w %[s1], [%[w], #4]\n\t"                                               \
    "ldr.w %[s2], [%[w], #8]\n\t"                                               \
    "ldr.w %[s3], [%[w], #12]\n\t"                                              \
    "ldr.w %[s4], [%[w], #16]\n\t"                                              \
    "ldr.w %[s5], [%[w], #20]\n\t"                                              \
    "ldr.w %[s6], [%[w], #24]\n\t"                                              \
    "ldr.w %[s7], [%[w], #28]\n\t"                                              \
    "ldr.w %[s0], [%[w]], #32\n\t"

/*
 * All inputs of a group of outputs: single steps up to `first`, which lie behind all else as most
 * layers have none, then blocks of them up to `end`.
 */
#define INTNIC_SUMS(INPUTS, ROWS)                                               \
    INTNIC_STARTS_##ROWS                                                        \
    "ldr.w %[x], %[inputs]\n\t"                                                 \
    "ldr.w %[p], %[first]\n\t"                                                  \
    INTNIC_FIRST_WEIGHTS                                                        \
    "cmp.w %[x], %[p]\n\t"                                                      \
    "bne.w 3f\n"                                                                \
    "1:\n\t"                                                                    \
    INTNIC_BLOCK_##INPUTS(ROWS, "ldr.w %[p], %[end]\n\t")                       \
    "cmp.w %[x], %[p]\n\t"                                                      \
    "bne.w 1b\n"                                                                \
    "2:\n\t"                                                                    \
    INTNIC_GIVE_BACK
#define INTNIC_SINGLE_STEPS(INPUTS, ROWS)                                       \
    "3:\n\t"                                                                    \
    INTNIC_STEP(INPUTS, ROWS, "ldr.w %[p], %[first]\n\t")                       \
    "cmp.w %[x], %[p]\n\t"                                                      \
    "bne.w 3b\n\t"                                                              \
    "ldr.w %[p], %[end]\n\t"                                                    \
    "cmp.w %[x], %[p]\n\t"                                                      \
    "bne.w 1b\n\t"                                                              \
    "b.w 2b\n"
#else
/* Builds without optimisation have no register left for the assembly: the same in C. */
#define INTNIC_NEXT_WIDE(from)                                                  \
    q = (uint32_t)((const intnic_pair *)(const void *)(from))[0];               \
    p = (uint32_t)((const intnic_pair *)(const void *)(from))[1];               \
    (from) += 8
#define INTNIC_NEXT_DIRECT(from)                                                \
    q = intnic_inputs_q(intnic_load4(from));                                    \
    p = intnic_inputs_p(q);                                                     \
    (from) += 4
#define INTNIC_SUMS(INPUTS, ROWS)                                               \
    for (int32_t i = 0; i < ROWS; i++) {                                           \
        sums[i] = *w++;                                                         \
    }                                                                           \
    for (const int8_t *from = inputs; from != end;) {                           \
        uint32_t p, q;                                                          \
                                                                                \
        INTNIC_NEXT_##INPUTS(from);                                             \
        for (int32_t i = 0; i < ROWS; i++) {                                       \
            uint32_t pairs = (uint32_t)*w++;                                    \
            int32_t sum = __smlad((int16x2_t)pairs, (int16x2_t)p, sums[i]);     \
                                                                                \
            sums[i] = __smlad((int16x2_t)intnic_even_bytes(pairs), (int16x2_t)q, sum); \
        }                                                                       \
    }
#endif
