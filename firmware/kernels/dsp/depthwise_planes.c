/*
 * Depthwise convolution with 3 x 3 filters. The image is taken as lines of steps: rows of pixels, or
 * columns where the generator sweeps down them. Some lines of four channels at a time are widened to
 * int16 and laid out anew as words of two steps:
 *
 *     planes[(k * lines + l) * 4 + c]: steps 2k and 2k + 1 of line l, channel c
 *
 * Each word is then read once for every window it is part of that begins on another line.
 */
struct intnic_depthwise_3x3 {
    const uint32_t *taps; /* three words a channel, see depthwise_3x3.c */
    const void *scales;
    int32_t depth;
    int32_t x_lines, x_steps; /* of the image */
    int32_t x_line, x_step;   /* bytes from one to the next */
    int32_t y_lines, y_steps; /* of the output */
    int32_t y_line, y_step;
    int32_t pad_lines, pad_steps; /* before the first line and before the first step */
    int32_t at_once;              /* output lines whose windows are laid out at a time */
    int32_t lines;                /* laid out for those */
    int32_t pairs;                /* of steps of a line */
    int32_t input_zero;
};

/* Two steps of four channels to the four words of a pair. */
static inline void intnic_lay_pair(uint32_t first, uint32_t second, intnic_pair *to)
{
    uint32_t low, high;

    /* C has no PKHBT; compilers take two instructions for it. */
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(low) : "r"(first), "r"(second));
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(high) : "r"(second), "r"(first));
    to[0] = intnic_even_bytes(low);
    to[1] = intnic_odd_bytes(low);
    to[2] = intnic_even_bytes(high);
    to[3] = intnic_odd_bytes(high);
}

/* One line of the image, four channels from `x` on; the zero point stands for what is outside. */
static INTNIC_NOINLINE void intnic_lay_line(const struct intnic_depthwise_3x3 *layer,
                                            const int8_t *x, intnic_pair *to)
{
    uint32_t zero = (uint32_t)(layer->input_zero & 255) * 0x01010101u;
    int32_t pairs = layer->pairs;
    int32_t pad = layer->pad_steps;
    int32_t step = layer->x_step;
    int32_t next = 4 * layer->lines;
    /* Steps beyond the last window are not laid out. */
    int32_t steps = intnic_max(0, intnic_min(layer->x_steps, 2 * pairs - pad));

    for (; pad > 1 && pairs > 0; pad -= 2) {
        intnic_lay_pair(zero, zero, to);
        to += next;
        pairs--;
    }
    if (pad == 1 && steps > 0) {
        intnic_lay_pair(zero, intnic_load4(x), to);
        x += step;
        steps--;
        to += next;
        pairs--;
    }
    for (; steps > 1; steps -= 2) {
        intnic_lay_pair(intnic_load4(x), intnic_load4(x + step), to);
        x += 2 * step;
        to += next;
        pairs--;
    }
    if (steps == 1) {
        intnic_lay_pair(intnic_load4(x), zero, to);
        to += next;
        pairs--;
    }
    for (; pairs > 0; pairs--) {
        intnic_lay_pair(zero, zero, to);
        to += next;
    }
}

/* A line outside the image. */
static INTNIC_NOINLINE void intnic_lay_blank(const struct intnic_depthwise_3x3 *layer,
                                             intnic_pair *to)
{
    uint32_t zero = (uint32_t)(layer->input_zero & 255) * 0x01010101u;

    for (int32_t pairs = layer->pairs; pairs > 0; pairs--) {
        intnic_lay_pair(zero, zero, to);
        to += 4 * layer->lines;
    }
}

/* Of the image's lines from `top` to `end` those outside, which are the same for all channels. */
static void intnic_lay_outside(const struct intnic_depthwise_3x3 *layer, int32_t top, int32_t end,
                               intnic_pair *planes)
{
    for (int32_t line = top; line < end; line++) {
        if (line < 0 || line >= layer->x_lines) {
            intnic_lay_blank(layer, planes);
        }
        planes += 4;
    }
}

/* Of those lines the ones inside, four channels from `x` on. */
static void intnic_lay_inside(const struct intnic_depthwise_3x3 *layer, const int8_t *x,
                              int32_t top, int32_t end, intnic_pair *planes)
{
    for (int32_t line = top; line < end; line++) {
        if (line >= 0 && line < layer->x_lines) {
            intnic_lay_line(layer, x + line * layer->x_line, planes);
        }
        planes += 4;
    }
}

/* Codes of four channels to their places; a line of them is `pitch` bytes long. */
static inline void intnic_store_lines(const struct intnic_depthwise_3x3 *layer, const int8_t *codes,
                                      int32_t pitch, int32_t count, int8_t *y)
{
    int32_t step = layer->y_step;

    for (; count > 0; count--) {
        const int8_t *from = codes;
        int8_t *to = y;

        for (int32_t steps = layer->y_steps; steps > 0; steps--) {
            __builtin_memcpy(to, from, 4);
            from += 4;
            to += step;
        }
        codes += pitch;
        y += layer->y_line;
    }
}
