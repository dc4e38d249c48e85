#define INTNIC_WINOGRAD_TILES 2
#define INTNIC_WINOGRAD_OUTPUTS 8

#ifdef INTNIC_ASSEMBLY
/* Starts of the sums of two outputs of two tiles. */
#define INTNIC_WINOGRAD_START(k, a0, b0, a1, b1)    \
    "lw a6, 8*(" #k ")(%[w])\n\t"                     \
    "lw a7, 8*(" #k ")+4(%[w])\n\t"                   \
    "sub " a0 ", a6, a3\n\t"                        \
    "sub " b0 ", a7, a2\n\t"                        \
    "sub " a1 ", a6, a5\n\t"                        \
    "sub " b1 ", a7, a4\n\t"
/* Two channels of an output of a tile. */
#define INTNIC_WINOGRAD_TERM(x0, x1, sum)           \
    "add t0, " x0 ", a7\n\t"                        \
    "add t1, " x1 ", a6\n\t"                        \
    "mul t0, t0, t1\n\t"                            \
    "add " sum ", " sum ", t0\n\t"
/* … of two outputs and two tiles. */
#define INTNIC_WINOGRAD_PAIR(k, a0, b0, a1, b1)     \
    "lw a6, 8*(" #k ")(%[w])\n\t"                     \
    "lw a7, 8*(" #k ")+4(%[w])\n\t"                   \
    INTNIC_WINOGRAD_TERM("a2", "a3", a0)            \
    INTNIC_WINOGRAD_TERM("a4", "a5", a1)            \
    "srai a6, a6, 16\n\t"                           \
    "srai a7, a7, 16\n\t"                           \
    INTNIC_WINOGRAD_TERM("a2", "a3", b0)            \
    INTNIC_WINOGRAD_TERM("a4", "a5", b1)
#define INTNIC_WINOGRAD_STORE(k, a, b)              \
    "slli t0, " b ", 16\n\t"                        \
    "sub " a ", " a ", t0\n\t"                      \
    "sw " a ", 8*(" #k ")(%[sums])\n\t"               \
    "sw " b ", 8*(" #k ")+4(%[sums])\n\t"
/* Two channels. */
#define INTNIC_WINOGRAD_CHANNELS(k)                         \
    "lw a2, 16*(" #k ")(%[x])\n\t"                            \
    "lw a3, 16*(" #k ")+4(%[x])\n\t"                          \
    "lw a4, 16*(" #k ")+8(%[x])\n\t"                          \
    "lw a5, 16*(" #k ")+12(%[x])\n\t"                         \
    INTNIC_WINOGRAD_PAIR(4*k, "s1", "s2", "s9", "s10")      \
    INTNIC_WINOGRAD_PAIR(4*k+1, "s3", "s4", "s11", "t3")    \
    INTNIC_WINOGRAD_PAIR(4*k+2, "s5", "s6", "t4", "t5")     \
    INTNIC_WINOGRAD_PAIR(4*k+3, "s7", "s8", "t6", "ra")
#endif

/*
 * The sums of eight outputs of two tiles for all elements up to `end`; returns the weights of the next
 * eight.
 */
static INTNIC_NOINLINE const uint32_t *intnic_winograd_sums(const int32_t *x, const int32_t *end,
                                                            const uint32_t *w, int32_t channels,
                                                            uint32_t *sums)
{
    /* In assembly because it takes all registers, and compilers spill. */
#ifdef INTNIC_ASSEMBLY
    int32_t bytes = 8 * channels;

    __asm__ volatile(
        "1:\n\t"
        "lw a2, 0(%[x])\n\t"
        "lw a3, 4(%[x])\n\t"
        "lw a4, 8(%[x])\n\t"
        "lw a5, 12(%[x])\n\t"
        INTNIC_WINOGRAD_START(0, "s1", "s2", "s9", "s10")
        INTNIC_WINOGRAD_START(1, "s3", "s4", "s11", "t3")
        INTNIC_WINOGRAD_START(2, "s5", "s6", "t4", "t5")
        INTNIC_WINOGRAD_START(3, "s7", "s8", "t6", "ra")
        "lw t2, %[bytes]\n\t"
        "addi %[x], %[x], 16\n\t"
        "addi %[w], %[w], 32\n\t"
        "add t2, t2, %[x]\n"
        "2:\n\t"
        INTNIC_WINOGRAD_CHANNELS(0)
        INTNIC_WINOGRAD_CHANNELS(1)
        "addi %[x], %[x], 32\n\t"
        "addi %[w], %[w], 64\n\t"
        "bne %[x], t2, 2b\n\t"
        INTNIC_WINOGRAD_STORE(0, "s1", "s2")
        INTNIC_WINOGRAD_STORE(1, "s3", "s4")
        INTNIC_WINOGRAD_STORE(2, "s5", "s6")
        INTNIC_WINOGRAD_STORE(3, "s7", "s8")
        INTNIC_WINOGRAD_STORE(4, "s9", "s10")
        INTNIC_WINOGRAD_STORE(5, "s11", "t3")
        INTNIC_WINOGRAD_STORE(6, "t4", "t5")
        INTNIC_WINOGRAD_STORE(7, "t6", "ra")
        "lw t0, %[end]\n\t"
        "addi %[sums], %[sums], 64\n\t"
        "bne %[x], t0, 1b\n\t"
        : [x] "+r"(x), [w] "+r"(w), [sums] "+r"(sums)
        : [bytes] "m"(bytes), [end] "m"(end)
        : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "s1", "s2", "s3", "s4", "s5", "s6", "s7",
          "s8", "s9", "s10", "s11", "a2", "a3", "a4", "a5", "a6", "a7", "memory");
#else
    while (x != end) {
        for (int32_t i = 0; i < 16; i++) {
            const int32_t *pair = x + 2 * (i >> 3);
            const uint32_t *word = w + 8 + (i & 6);
            uint32_t sum = w[i & 7] - (uint32_t)pair[1 - (i & 1)];

            for (int32_t left = channels; left > 0; left -= 2) {
                uint32_t w0 = word[0], w1 = word[1];

                if ((i & 1) != 0) {
                    w0 = (uint32_t)((int32_t)w0 >> 16);
                    w1 = (uint32_t)((int32_t)w1 >> 16);
                }
                pair += 4;
                sum += ((uint32_t)pair[0] + w1) * ((uint32_t)pair[1] + w0);
                word += 8;
            }
            sums[i] = sum;
        }
        for (int32_t i = 0; i < 16; i += 2) {
            sums[i] -= sums[i + 1] << 16;
        }
        w += 8 + 4 * channels;
        x += 4 + 2 * channels;
        sums += 16;
    }
#endif
    return w;
}

#ifdef INTNIC_ASSEMBLY
#undef INTNIC_WINOGRAD_START
#undef INTNIC_WINOGRAD_TERM
#undef INTNIC_WINOGRAD_PAIR
#undef INTNIC_WINOGRAD_STORE
#undef INTNIC_WINOGRAD_CHANNELS
#endif
