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
    int32_t pairs;     /* of steps of a line, and how many of them are */
    int32_t before;    /* before the image, */
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

/* Four bytes to any address. */
static inline void intnic_store4(uint32_t word, int8_t *to)
{
    __builtin_memcpy(to, &word, sizeof word);
}

/* Codes of four channels to their places; a line of them is `pitch` bytes long. */
static INTNIC_NOINLINE void intnic_store_lines(const struct intnic_depthwise_3x3 *layer,
                                               const int8_t *codes, int32_t pitch, int32_t count,
                                               int8_t *y)
{
    int32_t step = layer->y_step;
    int32_t length = layer->y_steps;

    /* Lines that follow each other without a gap are one. */
    if (layer->y_line == length * step && pitch == 4 * length) {
        length *= count;
        count = 1;
    }
    for (; count > 0; count--) {
        const int8_t *from = codes;
        int8_t *to = y;
        int32_t steps = length;

        for (; steps > 3; steps -= 4) {
            uint32_t code0 = intnic_load4(from);
            uint32_t code1 = intnic_load4(from + 4);
            uint32_t code2 = intnic_load4(from + 8);
            uint32_t code3 = intnic_load4(from + 12);

            intnic_store4(code0, to);
            to += step;
            intnic_store4(code1, to);
            to += step;
            intnic_store4(code2, to);
            to += step;
            intnic_store4(code3, to);
            to += step;
            from += 16;
        }
        for (; steps > 0; steps--) {
            intnic_store4(intnic_load4(from), to);
            from += 4;
            to += step;
        }
        codes += pitch;
        y += layer->y_line;
    }
}
