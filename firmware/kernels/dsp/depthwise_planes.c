/*
 * Depthwise convolution with 3 x 3 filters. The image is taken as lines of steps: rows of pixels, or
 * columns where the generator sweeps down them. Some lines of four channels at a time are widened to
 * int16 and laid out anew as words of two steps:
 *
 *     planes[(k * lines + l) * 4 + c]: steps 2k and 2k + 1 of line l, channel c
 *
 * The files that follow are templates: INTNIC_LINES are laid out at a time, INTNIC_STRIDE is 1 or 2,
 * INTNIC_ODD says whether the pairs but the last are odd in number.
 */
#define INTNIC_PASTE2_(a, b) a##_##b
#define INTNIC_PASTE2(a, b) INTNIC_PASTE2_(a, b)
#define INTNIC_PASTE4_(a, b, c, d) a##_##b##_##c##_##d
#define INTNIC_PASTE4(a, b, c, d) INTNIC_PASTE4_(a, b, c, d)
#define INTNIC_PASTE5_(a, b, c, d, e) a##_##b##_##c##_##d##_##e
#define INTNIC_PASTE5(a, b, c, d, e) INTNIC_PASTE5_(a, b, c, d, e)

struct intnic_depthwise_3x3 {
    const uint32_t *taps; /* three words a channel, see depthwise_lines.c */
    const void *scales;
    int32_t depth;
    int32_t x_lines;        /* of the image */
    int32_t x_line, x_step; /* bytes from one to the next */
    int32_t y_lines, y_steps;
    int32_t y_line, y_step;
    int32_t pad_lines; /* before the first */
    int32_t at_once;   /* output lines whose windows are laid out at a time */
    int32_t pairs;     /* of steps of a line; of them in turn */
    int32_t before;    /* outside the image, */
    int32_t entering;  /* half inside, */
    int32_t inside, leaving, behind;
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

/* Zero points in `count` pairs of a line. */
static inline void intnic_lay_blank(uint32_t zero, int32_t lines, int32_t count, intnic_pair *to)
{
    for (; count > 0; count--) {
        intnic_lay_pair(zero, zero, to);
        to += 4 * lines;
    }
}

/*
 * Zero points where all channels have them: of the image lines `top` to `end` on those that are
 * outside, and in the others' pairs that are.
 */
static INTNIC_NOINLINE void intnic_lay_outside(const struct intnic_depthwise_3x3 *layer,
                                               int32_t lines, int32_t top, int32_t end,
                                               intnic_pair *planes)
{
    uint32_t zero = (uint32_t)(layer->input_zero & 255) * 0x01010101u;
    int32_t behind = 4 * lines * (layer->pairs - layer->behind);

    for (int32_t line = top; line < end; line++) {
        if (line < 0 || line >= layer->x_lines) {
            intnic_lay_blank(zero, lines, layer->pairs, planes);
        } else {
            intnic_lay_blank(zero, lines, layer->before, planes);
            intnic_lay_blank(zero, lines, layer->behind, planes + behind);
        }
        planes += 4;
    }
}
