/* What is left of a weight, for with it three taps would be too much for a lane. */
struct intnic_plane_rest {
    uint8_t tap; /* as the first two outputs see it, a word */
    int8_t weight;
};

/* Sums of two neighbouring outputs. */
struct intnic_plane_pair {
    int32_t low, high;
};

/* Adds both halves of a word. */
static inline void intnic_plane_add(struct intnic_plane_pair *pair, uint32_t lanes)
{
    pair->low += (int16_t)(uint16_t)lanes;
    pair->high += (int32_t)(lanes + 0x8000u) >> 16;
}

/* The largest of four sums, to which their rests are added. */
static inline int32_t intnic_plane_largest(struct intnic_plane_pair top,
                                           struct intnic_plane_pair bottom, const int32_t *x,
                                           const struct intnic_plane_rest *rest,
                                           const struct intnic_plane_rest *end)
{
    for (; rest != end; rest++) {
        const int32_t *word = x + rest->tap;
        int32_t weight = rest->weight;

        intnic_plane_add(&top, (uint32_t)(word[0] * weight));
        intnic_plane_add(&bottom, (uint32_t)(word[3] * weight));
    }
    return intnic_max(intnic_max(top.low, bottom.low), intnic_max(top.high, bottom.high));
}
