/*
 * The larger and the smaller of two values less than 2^31 apart, by arithmetic: a comparison may
 * become a branch, and then the time would depend on the data.
 */
static inline int32_t intnic_max(int32_t a, int32_t b)
{
    int32_t above = a - b;

    return a - (above & (above >> 31));
}

static inline int32_t intnic_min(int32_t a, int32_t b)
{
    int32_t above = a - b;

    return b + (above & (above >> 31));
}
