/* `pairs` whole pairs of a line; to where the next ones are. */
static inline void INTNIC_PASTE2(intnic_lay_pairs, INTNIC_LINES)(const int8_t **x, int32_t step,
                                                                 int32_t pairs, intnic_pair **to)
{
#ifdef INTNIC_ASSEMBLY
    /* Compilers need more registers for the loop, and spill those of the loop around it. */
    const int8_t *from = *x;
    intnic_pair *word = *to;
    int32_t a, b, c, d;

    __asm__ volatile(".p2align 2\n"
                     "1:\n\t"
                     "ldr.w %[a], [%[x]]\n\t"
                     "ldr.w %[b], [%[x], %[step]]\n\t"
                     "add.w %[x], %[x], %[step], lsl #1\n\t"
                     "pkhbt %[c], %[a], %[b], lsl #16\n\t"
                     "pkhtb %[d], %[b], %[a], asr #16\n\t"
                     "sxtb16 %[a], %[c]\n\t"
                     "sxtb16.w %[c], %[c], ror #8\n\t"
                     "sxtb16 %[b], %[d]\n\t"
                     "sxtb16.w %[d], %[d], ror #8\n\t"
                     "str.w %[c], [%[to], #4]\n\t"
                     "str.w %[b], [%[to], #8]\n\t"
                     "str.w %[d], [%[to], #12]\n\t"
                     "str %[a], [%[to]], #%c[next]\n\t"
                     "subs.w %[pairs], %[pairs], #1\n\t"
                     "bne.w 1b\n\t"
                     : [x] "+&r"(from), [to] "+&r"(word), [pairs] "+&r"(pairs), [a] "=&r"(a),
                       [b] "=&r"(b), [c] "=&r"(c), [d] "=&r"(d)
                     : [step] "r"(step), [next] "i"(16 * INTNIC_LINES)
                     : "cc", "memory");
    *x = from;
    *to = word;
#else
    for (; pairs > 0; pairs--) {
        intnic_lay_pair(intnic_load4(*x), intnic_load4(*x + step), *to);
        *x += 2 * step;
        *to += 4 * INTNIC_LINES;
    }
#endif
}

/*
 * Image lines `top` to `end` of four channels from `x` on. What is outside is there already, but for
 * steps that share a word with one inside.
 */
static INTNIC_NOINLINE void INTNIC_PASTE2(intnic_lay_lines, INTNIC_LINES)(
    const struct intnic_depthwise_3x3 *layer, const int8_t *x, int32_t top, int32_t end,
    intnic_pair *planes)
{
    uint32_t zero = (uint32_t)(layer->input_zero & 255) * 0x01010101u;
    int32_t first = intnic_max(top, 0);
    int32_t step = layer->x_step;

    end = intnic_min(end, layer->x_lines);
    x += first * layer->x_line;
    planes += 4 * (first - top) + 4 * INTNIC_LINES * layer->before;
    for (int32_t count = end - first; count > 0; count--) {
        const int8_t *from = x;
        intnic_pair *to = planes;

        if (layer->entering) {
            intnic_lay_pair(zero, intnic_load4(from), to);
            from += step;
            to += 4 * INTNIC_LINES;
        }
        if (layer->inside > 0) {
            INTNIC_PASTE2(intnic_lay_pairs, INTNIC_LINES)(&from, step, layer->inside, &to);
        }
        if (layer->leaving) {
            intnic_lay_pair(intnic_load4(from), zero, to);
        }
        x += layer->x_line;
        planes += 4;
    }
}
