/*
 * One step of a dense layer: four inputs of eight outputs, or of two, in assembly for the registers, and wide
 * throughout, as words are fetched. Loads stand side by side: one behind another takes a cycle less.
 * LOAD loads the inputs from x, MAKE makes of them what dense_sums.c calls p and q; LAST is done
 * when p is free again.
 */
#define INTNIC_TWO_ROWS(make, a, b, last)                   \
    "ldr.w %[w1], [%[w], #4]\n\t"                           \
    "ldr.w %[w0], [%[w]], #8\n\t" make                      \
    "smlad %[" a "], %[w0], %[p], %[" a "]\n\t"             \
    "smlad %[" b "], %[w1], %[p], %[" b "]\n\t" last        \
    "sxtb16.w %[w0], %[w0]\n\t"                             \
    "sxtb16.w %[w1], %[w1]\n\t"                             \
    "smlad %[" a "], %[w0], %[q], %[" a "]\n\t"             \
    "smlad %[" b "], %[w1], %[q], %[" b "]\n\t"

#define INTNIC_STEP_2(LOAD, MAKE, LAST) LOAD INTNIC_TWO_ROWS(MAKE, "s0", "s1", LAST)
#define INTNIC_STEP_8(LOAD, MAKE, LAST)                     \
    LOAD                                                    \
    INTNIC_TWO_ROWS(MAKE, "s0", "s1", "")                   \
    INTNIC_TWO_ROWS("", "s2", "s3", "")                     \
    INTNIC_TWO_ROWS("", "s4", "s5", "")                     \
    INTNIC_TWO_ROWS("", "s6", "s7", LAST)

/* What is loaded before the first step, and given back behind the last. */
#define INTNIC_FIRST_WEIGHTS ""
#define INTNIC_GIVE_BACK ""

/* Steps of a block between two looks at where the inputs end. */
#define INTNIC_BLOCK(INPUTS, ROWS, AGAIN)                   \
    INTNIC_STEP(INPUTS, ROWS, "")                           \
    INTNIC_STEP(INPUTS, ROWS, "")                           \
    INTNIC_STEP(INPUTS, ROWS, "")                           \
    INTNIC_STEP(INPUTS, ROWS, AGAIN)
#define INTNIC_BLOCK_STEPS 4
