/* A weight that is left to the end, for with it four taps would be too much for a lane. */
struct intnic_lane_rest {
    uint8_t skip; /* taps since the rest before */
    int8_t weight;
};

/* What a channel has of runs and rests. */
struct intnic_lane_channel {
    uint8_t runs;
    uint8_t rests;
};
