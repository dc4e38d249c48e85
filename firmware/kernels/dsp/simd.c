#include <arm_acle.h>

/* Two int16 values in one register, wherever int16 values lie. */
typedef int32_t intnic_pair __attribute__((may_alias));

/* Four bytes as they lie in memory, at any address. */
static inline uint32_t intnic_load4(const int8_t *from)
{
    uint32_t word;

    __builtin_memcpy(&word, from, sizeof word);
    return word;
}

/* Bytes 0 and 2 of a word, sign-extended to the two halves of another. */
static inline int32_t intnic_even_bytes(uint32_t word)
{
    return (int32_t)__sxtb16((int8x4_t)word);
}

/* Bytes 1 and 3; the compiler does not join the rotation to the intrinsic by itself. */
static inline int32_t intnic_odd_bytes(uint32_t word)
{
    int32_t pair;

    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(word));
    return pair;
}
