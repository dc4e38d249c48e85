/*
 * The larger of two registers to the first, in assembly: two narrow instructions, which fill a word,
 * and a wide one.
 */
#define INTNIC_LARGER(a, b) "cmp %[" a "], %[" b "]\n\tit lt\n\tmovlt.w %[" a "], %[" b "]\n\t"
