/* Per output channel: accumulator start, and how its sum becomes a code. */
struct intnic_scale {
    int32_t bias;       /* zero point of the input folded in */
    int32_t multiplier; /* 0 .. 2^31 - 1 */
    int32_t addend;     /* zero point * 2^right + 2^(right - 1) */
    int32_t right;      /* 1 .. 31 */
};

/*
 * sum * multiplier / 2^31 rounded to nearest, then divided by 2^right with halves away from zero,
 * plus the zero point, saturated to int8. SMMLAR rounds the first; for the second a negative sum
 * needs its half to be one smaller. The generator has proved that nothing leaves int32.
 */
static inline int32_t intnic_scale_down(int32_t sum, const struct intnic_scale *scale)
{
    int32_t addend = scale->addend + (sum >> 31);
    int32_t value;

    /* C has no SMMLAR: the compiler would take five instructions and two registers more. */
    __asm__("smmlar %0, %1, %2, %3"
            : "=r"(value)
            : "r"(sum * 2), "r"(scale->multiplier), "r"(addend));
    value >>= scale->right;
    __asm__("ssat %0, #8, %1" : "=r"(value) : "r"(value));
    return value;
}

/* Code of the sum `s`, of constants in registers. */
#define INTNIC_SCALE(s)                                     \
    "add.w %[t], %[c], %[" s "], asr #31\n\t"               \
    "lsl.w %[" s "], %[" s "], #1\n\t"                      \
    "smmlar %[" s "], %[" s "], %[m], %[t]\n\t"             \
    "asr.w %[" s "], %[" s "], %[r]\n\t"                    \
    "ssat %[" s "], #8, %[" s "]\n\t"
