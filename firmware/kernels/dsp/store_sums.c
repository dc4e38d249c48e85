/*
 * Codes of sums of one channel, at least one, `step` bytes from one to the next. INTNIC_SCALE is that
 * of the rounding rule.
 */
static INTNIC_NOINLINE void intnic_store_sums(const int32_t *sums, int32_t count,
                                              const struct intnic_scale *scale, int32_t step,
                                              int8_t *y)
{
    const struct intnic_scale same = { 0, scale->multiplier, scale->addend, scale->right };

#ifdef INTNIC_ASSEMBLY
    int32_t a, t;

    __asm__ volatile(".p2align 2\n"
                     "1:\n\t"
                     "ldr.w %[a], [%[sums]], #4\n\t"
                     INTNIC_SCALE("a")
                     "strb.w %[a], [%[y]]\n\t"
                     "add.w %[y], %[y], %[step]\n\t"
                     "subs.w %[count], %[count], #1\n\t"
                     "bne.w 1b\n\t"
                     : [a] "=&r"(a), [t] "=&r"(t), [sums] "+&r"(sums), [y] "+&r"(y),
                       [count] "+&r"(count)
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
