#define INTNIC_WINOGRAD_TILES 1
#define INTNIC_WINOGRAD_OUTPUTS 4

#if defined(INTNIC_ASSEMBLY) && !defined(__OPTIMIZE_SIZE__)
/* Two channels of two outputs, whose sums are in upper registers. */
#define INTNIC_WINOGRAD_PAIR(a, b)      \
    "ldmia %[w]!, {r4, r5}\n\t"         \
    "adds r6, r2, r5\n\t"               \
    "adds r7, r3, r4\n\t"               \
    "muls r6, r7\n\t"                   \
    "add " a ", r6\n\t"                 \
    "asrs r4, r4, #16\n\t"              \
    "asrs r5, r5, #16\n\t"              \
    "adds r4, r4, r3\n\t"               \
    "adds r5, r5, r2\n\t"               \
    "muls r4, r5\n\t"                   \
    "add " b ", r4\n\t"
#define INTNIC_WINOGRAD_CHANNELS        \
    "ldmia %[x]!, {r2, r3}\n\t"         \
    INTNIC_WINOGRAD_PAIR("r8", "r9")    \
    INTNIC_WINOGRAD_PAIR("r10", "r11")
#endif

/* The sums of four outputs for all elements up to `end`; returns the weights of the next four. */
static INTNIC_NOINLINE const uint32_t *intnic_winograd_sums(const int32_t *x, const int32_t *end,
                                                            const uint32_t *w, int32_t channels,
                                                            uint32_t *sums)
{
    /*
     * In assembly for the registers: sums are kept in the upper ones, where they can only be added
     * to, which compilers do not see. Asked for small code, they have no upper ones.
     */
#if defined(INTNIC_ASSEMBLY) && !defined(__OPTIMIZE_SIZE__)
    int32_t bytes = 4 * channels;

    __asm__ volatile(
        ".syntax unified\n\t"
        "ldr r6, %[sums]\n\t"
        "mov r12, r6\n"
        "1:\n\t"
        "ldmia %[w]!, {r4, r5, r6, r7}\n\t"
        "ldmia %[x]!, {r2, r3}\n\t"
        "subs r4, r4, r3\n\t"
        "subs r5, r5, r2\n\t"
        "subs r6, r6, r3\n\t"
        "subs r7, r7, r2\n\t"
        "mov r8, r4\n\t"
        "mov r9, r5\n\t"
        "mov r10, r6\n\t"
        "mov r11, r7\n\t"
        "ldr r4, %[bytes]\n\t"
        "adds r4, r4, %[x]\n\t"
        "mov lr, r4\n"
        "2:\n\t"
        INTNIC_WINOGRAD_CHANNELS
        INTNIC_WINOGRAD_CHANNELS
        "cmp %[x], lr\n\t"
        "bne 2b\n\t"
        "mov r2, r8\n\t"
        "mov r3, r9\n\t"
        "mov r4, r10\n\t"
        "mov r5, r11\n\t"
        "lsls r6, r3, #16\n\t"
        "subs r2, r2, r6\n\t"
        "lsls r6, r5, #16\n\t"
        "subs r4, r4, r6\n\t"
        "mov r6, r12\n\t"
        "stmia r6!, {r2, r3, r4, r5}\n\t"
        "mov r12, r6\n\t"
        "ldr r6, %[end]\n\t"
        "cmp %[x], r6\n\t"
        "bne 1b\n\t"
        : [x] "+l"(x), [w] "+l"(w)
        : [bytes] "m"(bytes), [end] "m"(end), [sums] "m"(sums)
        : "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
#else
    while (x != end) {
        const int32_t *head = x;

        x += 2;
        for (int32_t i = 0; i < 4; i++) {
            uint32_t sum = w[i] - (uint32_t)head[1 - (i & 1)];

            for (int32_t c = 0; c < channels; c += 2) {
                const uint32_t *pair = w + 4 + 2 * c + (i & 2);
                uint32_t w0 = pair[0], w1 = pair[1];

                if ((i & 1) != 0) {
                    w0 = (uint32_t)((int32_t)w0 >> 16);
                    w1 = (uint32_t)((int32_t)w1 >> 16);
                }
                sum += ((uint32_t)x[c] + w1) * ((uint32_t)x[c + 1] + w0);
            }
            sums[i] = sum;
        }
        x += channels;
        sums[0] -= sums[1] << 16;
        sums[2] -= sums[3] << 16;
        sums += 4;
        w += 4 + 2 * channels;
    }
#endif
    return w;
}

#if defined(INTNIC_ASSEMBLY) && !defined(__OPTIMIZE_SIZE__)
#undef INTNIC_WINOGRAD_PAIR
#undef INTNIC_WINOGRAD_CHANNELS
#endif
