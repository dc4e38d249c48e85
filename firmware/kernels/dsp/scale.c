/* Per output channel: accumulator start, and how its sum becomes a code. */
struct intnic_scale {
    int32_t bias;       /* zero point of the input folded in */
    int32_t multiplier; /* 0 .. 2^31 - 1 */
    int32_t addend;     /* (2 * zero point + 1) * 2^(right - 1) */
    int32_t right;      /* 1 .. 30 */
};

/*
 * floor(sum * multiplier / 2^(32 + right) + 1/2) + zero point, saturated to int8: the zero point and
 * the half are added to the product's top word, where nothing has been rounded yet. The generator
 * has proved that this does not leave int32.
 */
static inline int32_t intnic_scale_down(int32_t sum, const struct intnic_scale *scale)
{
    int32_t value;

    /* C has no SMMLA: the compiler would take three instructions and two registers more. */
    __asm__("smmla %0, %1, %2, %3" : "=r"(value) : "r"(sum), "r"(scale->multiplier), "r"(scale->addend));
    value >>= scale->right;
    __asm__("ssat %0, #8, %1" : "=r"(value) : "r"(value));
    return value;
}

/* Code of the sum `s`, of constants in registers. */
#define INTNIC_SCALE(s)                                     \
    "smmla %[" s "], %[" s "], %[m], %[c]\n\t"              \
    "asr.w %[" s "], %[" s "], %[r]\n\t"                    \
    "ssat %[" s "], #8, %[" s "]\n\t"
