/*
 * Codes of pairs of sums of one channel, at least one pair, each to two rows, `step` bytes from the
 * last. INTNIC_SCALE is that of the rounding rule.
 */
static INTNIC_NOINLINE void intnic_store_pairs(const int32_t *sums, int32_t count,
                                               const struct intnic_scale *scale, int32_t step,
                                               int8_t *first, int8_t *second)
{
    const struct intnic_scale same = { 0, scale->multiplier, scale->addend, scale->right };

#ifdef __OPTIMIZE__
    int32_t a, b, t;

    __asm__ volatile(".p2align 2\n"
                     "1:\n\t"
                     "ldrd %[a], %[b], [%[sums]], #8\n\t"
                     INTNIC_SCALE("b")
                     INTNIC_SCALE("a")
                     "strb.w %[b], [%[second]]\n\t"
                     "strb.w %[a], [%[first]]\n\t"
                     "add.w %[second], %[second], %[step]\n\t"
                     "add.w %[first], %[first], %[step]\n\t"
                     "subs.w %[count], %[count], #1\n\t"
                     "bne.w 1b\n\t"
                     : [a] "=&r"(a), [b] "=&r"(b), [t] "=&r"(t), [sums] "+r"(sums),
                       [first] "+r"(first), [second] "+r"(second), [count] "+r"(count)
                     : [m] "r"(same.multiplier), [c] "r"(same.addend), [r] "r"(same.right),
                       [step] "r"(step)
                     : "cc", "memory");
#else
    for (; count > 0; count--) {
        *second = (int8_t)intnic_scale_down(sums[1], &same);
        *first = (int8_t)intnic_scale_down(sums[0], &same);
        sums += 2;
        first += step;
        second += step;
    }
#endif
}

/* Codes of sums of one channel, at least one. */
static INTNIC_NOINLINE void intnic_store_sums(const int32_t *sums, int32_t count,
                                              const struct intnic_scale *scale, int32_t step,
                                              int8_t *y)
{
    const struct intnic_scale same = { 0, scale->multiplier, scale->addend, scale->right };

#ifdef __OPTIMIZE__
    int32_t a, t;

    __asm__ volatile(".p2align 2\n"
                     "1:\n\t"
                     "ldr.w %[a], [%[sums]], #4\n\t"
                     INTNIC_SCALE("a")
                     "strb.w %[a], [%[y]]\n\t"
                     "add.w %[y], %[y], %[step]\n\t"
                     "subs.w %[count], %[count], #1\n\t"
                     "bne.w 1b\n\t"
                     : [a] "=&r"(a), [t] "=&r"(t), [sums] "+r"(sums), [y] "+r"(y),
                       [count] "+r"(count)
                     : [m] "r"(same.multiplier), [c] "r"(same.addend), [r] "r"(same.right),
                       [step] "r"(step)
                     : "cc", "memory");
#else
    for (; count > 0; count--) {
        *y = (int8_t)intnic_scale_down(*sums++, &same);
        y += step;
    }
#endif
}
