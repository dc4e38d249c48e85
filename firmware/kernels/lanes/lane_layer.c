struct intnic_conv2d_lanes {
    const int8_t *weights; /* of so many channels in turn as a core computes at once, taps in fours */
    const uint16_t *runs;  /* for every 16 times four taps: a bit where a run ends, top bit first */
    const struct intnic_lane_channel *channels;
    const struct intnic_lane_rest *rests;
    const void *scales;
    int32_t height, width, depth;
    int32_t pad_top, pad_left;
    int32_t columns;                /* of the band, 0 if windows are read where they are */
    int32_t band_rows, band_step;   /* its rows, and how far they are apart in the image */
    int32_t band_stride;            /* image rows from one band to the next, 0 if there is but one */
    int32_t rows, row, row_step;    /* runs of bytes in a window, their length, how far apart */
    int32_t lines, line_step;       /* lines of windows: rows or columns, and bytes between them */
    int32_t windows, step;          /* windows of a line, and bytes between them */
    int32_t y_line, y_step;         /* the same in the output */
    int32_t outputs;
    int32_t fours; /* of taps */
    int32_t run;   /* fours of a run, if all are as long */
    int32_t input_zero;
    struct intnic_range range;
};
