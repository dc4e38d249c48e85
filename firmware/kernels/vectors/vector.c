/*
 * Vectors of int32 in the vector extensions of GCC and Clang. They compile for any machine; how wide
 * they are and what stands for the few steps that C has no words for is chosen here, by the flags
 * that they are compiled with. Sums are of uint32: on their way they may wrap, at their end they are
 * int32, as the generator has proved.
 */
#if defined(__AVX512VNNI__) && defined(__AVX512VL__) && defined(__AVX512BW__)
#define INTNIC_LANES 16
#elif defined(__AVX2__)
#define INTNIC_LANES 8
#else
#define INTNIC_LANES 4
#endif

typedef int32_t intnic_ints __attribute__((vector_size(4 * INTNIC_LANES)));
typedef uint32_t intnic_words __attribute__((vector_size(4 * INTNIC_LANES)));
typedef int16_t intnic_shorts __attribute__((vector_size(2 * INTNIC_LANES)));
typedef int8_t intnic_codes __attribute__((vector_size(INTNIC_LANES)));

/* The same in memory, where they may lie anywhere. */
typedef intnic_words intnic_words_at __attribute__((aligned(1), may_alias));
typedef intnic_ints intnic_ints_at __attribute__((aligned(1), may_alias));
typedef intnic_codes intnic_codes_at __attribute__((aligned(1), may_alias));
typedef uint32_t intnic_word_at __attribute__((aligned(1), may_alias));

/* For loops whose vectors must stay in registers. */
#define INTNIC_INLINE static inline __attribute__((always_inline))

/* Adds to each lane the four products of its unsigned bytes in x and its signed bytes in w. */
#if INTNIC_LANES == 16
INTNIC_INLINE intnic_words intnic_add_dots(intnic_words sums, intnic_words x, intnic_words w)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(x), "v"(w));
    return sums;
}
#elif defined(__SSE2__)
typedef int16_t intnic_halves __attribute__((vector_size(4 * INTNIC_LANES)));
typedef uint16_t intnic_raised_halves __attribute__((vector_size(4 * INTNIC_LANES)));

#if INTNIC_LANES == 8
#define INTNIC_PAIRS __builtin_ia32_pmaddwd256
#else
#define INTNIC_PAIRS __builtin_ia32_pmaddwd128
#endif

INTNIC_INLINE intnic_words intnic_add_dots(intnic_words sums, intnic_words x, intnic_words w)
{
    intnic_halves even = (intnic_halves)w << 8 >> 8;
    intnic_halves odd = (intnic_halves)w >> 8;

    /* What is in a vector stays there: GCC would mask a word first and then copy it to all lanes. */
    __asm__("" : "+x"(x));
    sums += (intnic_words)INTNIC_PAIRS((intnic_halves)(x & 0xff00ff), even);
    return sums + (intnic_words)INTNIC_PAIRS((intnic_halves)((intnic_raised_halves)x >> 8), odd);
}
#elif defined(__ARM_FEATURE_MATMUL_INT8)
INTNIC_INLINE intnic_words intnic_add_dots(intnic_words sums, intnic_words x, intnic_words w)
{
    __asm__("usdot %0.4s, %1.16b, %2.16b" : "+w"(sums) : "w"(x), "w"(w));
    return sums;
}
#elif defined(__ARM_FEATURE_DOTPROD)
/* Both have signs here: of x, 128 is multiplied apart, as twice 64. */
INTNIC_INLINE intnic_words intnic_add_dots(intnic_words sums, intnic_words x, intnic_words w)
{
    intnic_words half = (intnic_words){ 0 } + 0x40404040u;

    __asm__("sdot %0.4s, %1.16b, %3.16b\n\t"
            "sdot %0.4s, %2.16b, %3.16b\n\t"
            "sdot %0.4s, %2.16b, %3.16b"
            : "+w"(sums)
            : "w"(x ^ 0x80808080u), "w"(half), "w"(w));
    return sums;
}
#else
INTNIC_INLINE intnic_words intnic_add_dots(intnic_words sums, intnic_words x, intnic_words w)
{
    sums += (x & 255) * (intnic_words)((intnic_ints)(w << 24) >> 24);
    sums += (x >> 8 & 255) * (intnic_words)((intnic_ints)(w << 16) >> 24);
    sums += (x >> 16 & 255) * (intnic_words)((intnic_ints)(w << 8) >> 24);
    return sums + (x >> 24) * (intnic_words)((intnic_ints)w >> 24);
}
#endif

/* Four taps, for all lanes. */
INTNIC_INLINE intnic_words intnic_all(uint32_t taps)
{
    return (intnic_words){ 0 } + taps;
}

/* The lowest byte of each lane; where no instruction does it at once, compilers need two steps. */
INTNIC_INLINE intnic_codes intnic_low_bytes(intnic_ints value)
{
#if INTNIC_LANES == 16
    return __builtin_convertvector(value, intnic_codes);
#else
    return __builtin_convertvector(__builtin_convertvector(value, intnic_shorts), intnic_codes);
#endif
}

/* Lane by lane the smaller and the larger. */
INTNIC_INLINE intnic_ints intnic_min_lanes(intnic_ints a, intnic_ints b)
{
    intnic_ints less = a < b;

    return (a & less) | (b & ~less);
}

INTNIC_INLINE intnic_ints intnic_max_lanes(intnic_ints a, intnic_ints b)
{
    intnic_ints less = a < b;

    return (b & less) | (a & ~less);
}

/*
 * Lane by lane floor((a * b + half) / 2^31), where b is not negative and half is 0 or 2^30: of the
 * products of even and odd lanes, of 64 bits each, or from halves of 16 bits.
 */
#if INTNIC_LANES > 4
typedef uint64_t intnic_longs __attribute__((vector_size(4 * INTNIC_LANES)));

INTNIC_INLINE intnic_longs intnic_even_products(intnic_longs a, intnic_longs b)
{
    intnic_longs products;

    __asm__("vpmuldq %2, %1, %0" : "=v"(products) : "v"(a), "v"(b));
    return products;
}

INTNIC_INLINE intnic_ints intnic_doubled_high(intnic_ints a, intnic_ints b, int32_t half)
{
    intnic_longs x = (intnic_longs)a;
    intnic_longs w = (intnic_longs)b;
    intnic_longs even = intnic_even_products(x, w) + (uint32_t)half;
    intnic_longs odd = intnic_even_products(x >> 32, w >> 32) + (uint32_t)half;

    return (intnic_ints)((even >> 31 & 0xffffffffu) | (odd << 1 & ~(uint64_t)0xffffffffu));
}
#else
INTNIC_INLINE intnic_ints intnic_doubled_high(intnic_ints a, intnic_ints b, int32_t half)
{
    intnic_ints a1 = a >> 16;
    intnic_ints a0 = a & 0xffff;
    intnic_ints b1 = b >> 16;
    intnic_ints b0 = b & 0xffff;
    intnic_words low = (intnic_words)a0 * (intnic_words)b0;
    intnic_ints middle = a1 * b0 + (intnic_ints)(low >> 16);
    intnic_ints high = a1 * b1 + (middle >> 16) + ((a0 * b1 + (middle & 0xffff)) >> 16);
    intnic_words rest = (intnic_words)a * (intnic_words)b >> 30;

    return (intnic_ints)(((intnic_words)high << 1) + ((rest + (uint32_t)(half >> 30)) >> 1));
}
#endif
