/* For inner loops: kept out of their callers, they have the registers to themselves. */
#if defined(__GNUC__)
#define INTNIC_NOINLINE __attribute__((noinline))
#else
#define INTNIC_NOINLINE
#endif
