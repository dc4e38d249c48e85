/* Range of a layer's activation; saturation has done it where the range is all of int8. */
struct intnic_range {
    int32_t low;
    int32_t high;
};
