/*
 * As WIDE, with twice as many steps between two looks at where the inputs end: where loads hide behind
 * multiplications, the ends of loops are most of what is left.
 */
#ifdef INTNIC_ASSEMBLY
#define INTNIC_LOAD_LONG INTNIC_LOAD_WIDE
#define INTNIC_MAKE_LONG INTNIC_MAKE_WIDE
#define INTNIC_BLOCK_LONG(ROWS, AGAIN) INTNIC_BLOCK(WIDE, ROWS, "") INTNIC_BLOCK(WIDE, ROWS, AGAIN)
#define INTNIC_BYTES_LONG (2 * INTNIC_BYTES_WIDE)
#else
#define INTNIC_NEXT_LONG(from) INTNIC_NEXT_WIDE(from)
#endif
