/* The taps of a window that lie inside the image, along one axis. */
struct intnic_span {
    int32_t tap;   /* first of them */
    int32_t count; /* how many, 0 if none */
    int32_t at;    /* row or column of the image that the first sees */
};

/*
 * A window of `taps` taps, `dilation` apart, whose first lies at `start`, over an image of `size`
 * rows or columns. Depends on the layer, not on the data, and needs no division.
 */
static inline struct intnic_span intnic_span(int32_t start, int32_t taps, int32_t dilation,
                                             int32_t size)
{
    struct intnic_span span = { 0, 0, start };

    if (start >= 0 && start + (taps - 1) * dilation < size) {
        span.count = taps;
        return span;
    }
    while (span.at < 0 && span.tap < taps) {
        span.tap++;
        span.at += dilation;
    }
    for (int32_t at = span.at; at < size && span.tap + span.count < taps; at += dilation) {
        span.count++;
    }
    if (span.count == 0) {
        span.tap = 0; /* nothing is read, but addresses are made of both */
        span.at = 0;
    }
    return span;
}
