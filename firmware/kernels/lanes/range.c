/* Range of a layer's activation. */
struct intnic_range {
    int32_t low;
    int32_t high;
};
