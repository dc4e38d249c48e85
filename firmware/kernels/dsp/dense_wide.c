/*
 * Dense layer, INTNIC_ROWS outputs at once, 8 or 2, as dense_sums.c and dense_codes.c say:
 * INTNIC_DENSE of inputs that are WIDE or taken DIRECT from x, with the SAME scale for all or EACH its
 * own, by INTNIC_RULE.
 */

/* Groups of outputs until `to` is at `stop`, at least one; returns the weights of the next. */
static INTNIC_NOINLINE const intnic_pair *INTNIC_OF(INTNIC_GROUPS_OF, INTNIC_DENSE)(
    const struct intnic_dense *layer, const intnic_pair *w, const int8_t *inputs, int8_t *to,
    const int8_t *stop)
{
    const int8_t *const end = inputs + layer->end;

#ifdef INTNIC_ASSEMBLY
    const int8_t *const first =
        inputs + (layer->end & (INTNIC_OF(INTNIC_BYTES, INTNIC_INPUTS) - 1));
    const int32_t multiplier = layer->scale[0];
    const int32_t addend = layer->scale[1];
    const int32_t right = layer->scale[2];
    int32_t s0, s1, s2, s3, s4, s5, s6, s7, p, q, w0, w1;
    const int8_t *x;

    __asm__ volatile(INTNIC_OF_FOUR(INTNIC_GROUPS, INTNIC_INPUTS, INTNIC_ROWS, INTNIC_SCALES, INTNIC_RULE)
                     : [s0] "=&r"(s0), [s1] "=&r"(s1), [s2] "=&r"(s2), [s3] "=&r"(s3),
                       [s4] "=&r"(s4), [s5] "=&r"(s5), [s6] "=&r"(s6), [s7] "=&r"(s7),
                       [p] "=&r"(p), [q] "=&r"(q), [w0] "=&r"(w0), [w1] "=&r"(w1),
                       [x] "=&r"(x), [w] "+&r"(w), [to] "+m"(to)
                     : [inputs] "m"(inputs), [first] "m"(first), [end] "m"(end), [stop] "m"(stop),
                       [multiplier] "m"(multiplier), [addend] "m"(addend), [right] "m"(right)
                     : "cc", "memory");
#else
    int32_t sums[INTNIC_ROWS];

    for (; to != stop; to += INTNIC_ROWS) {
        INTNIC_OF_TWO(INTNIC_SUMS, INTNIC_INPUTS, INTNIC_ROWS)
        INTNIC_OF_THREE(INTNIC_CODES, INTNIC_ROWS, INTNIC_SCALES, INTNIC_RULE)
    }
#endif
    return w;
}

static void INTNIC_DENSE(const struct intnic_dense *layer, const int8_t *x, int8_t *y)
{
    int32_t rest = layer->outputs & (INTNIC_ROWS - 1);
    int8_t *stop = y + (layer->outputs - rest);
    const intnic_pair *w = (const intnic_pair *)(const void *)layer->weights;

    if (stop != y) {
        w = INTNIC_OF(INTNIC_GROUPS_OF, INTNIC_DENSE)(layer, w, x, y, stop);
    }
    if (rest > 0) {
        int8_t codes[INTNIC_ROWS];

        INTNIC_OF(INTNIC_GROUPS_OF, INTNIC_DENSE)(layer, w, x, codes, codes + INTNIC_ROWS);
        for (int32_t i = 0; i < rest; i++) {
            stop[i] = codes[i];
        }
    }
    intnic_limit(y, layer->outputs, &layer->range);
}
