/* For inner loops: kept out of their callers, they have the registers to themselves. */
#if defined(__GNUC__)
#define INTNIC_NOINLINE __attribute__((noinline))
#else
#define INTNIC_NOINLINE
#endif
/*
 * Inner loops in assembly take every register there is, which GCC finds where it optimises. Others
 * take the same in C, which stands beside them.
 */
#if defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__)
#define INTNIC_ASSEMBLY
#endif
