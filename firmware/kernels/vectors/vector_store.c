/*
 * Stores the first `count` of the codes, or all. GCC 12 follows loops over more outputs than a layer
 * has into small arenas, which they would leave, and warns of it.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Warray-bounds"
#endif
INTNIC_INLINE void intnic_store_codes(intnic_codes codes, int32_t count, int8_t *y)
{
    if (count >= INTNIC_LANES) {
        *(intnic_codes_at *)y = codes;
        return;
    }
    int8_t all[INTNIC_LANES];

    *(intnic_codes_at *)all = codes;
    for (int32_t i = 0; i < count; i++) {
        y[i] = all[i];
    }
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
