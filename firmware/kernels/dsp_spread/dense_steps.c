/*
 * One step of a dense layer: four inputs of eight outputs, or of two, in assembly for the registers. For cores
 * where a loaded word can be multiplied two cycles later, and a load may share its cycle: each
 * stands behind a multiplication, two rows before its word is used. LOAD loads the inputs from x,
 * MAKE makes of them what dense_sums.c calls p and q; LAST is done when p is free again.
 */
#define INTNIC_ONE_ROW(s, w, last)                          \
    "smlad %[" s "], %[" w "], %[p], %[" s "]\n\t" last     \
    "sxtb16.w %[" w "], %[" w "]\n\t"                       \
    "smlad %[" s "], %[" w "], %[q], %[" s "]\n\t"          \
    "ldr.w %[" w "], [%[w]], #4\n\t"

#define INTNIC_STEP_2(LOAD, MAKE, LAST)                     \
    LOAD MAKE                                               \
    INTNIC_ONE_ROW("s0", "w0", "")                          \
    INTNIC_ONE_ROW("s1", "w1", LAST)
#define INTNIC_STEP_8(LOAD, MAKE, LAST)                     \
    LOAD MAKE                                               \
    INTNIC_ONE_ROW("s0", "w0", "")                          \
    INTNIC_ONE_ROW("s1", "w1", "")                          \
    INTNIC_ONE_ROW("s2", "w0", "")                          \
    INTNIC_ONE_ROW("s3", "w1", "")                          \
    INTNIC_ONE_ROW("s4", "w0", "")                          \
    INTNIC_ONE_ROW("s5", "w1", "")                          \
    INTNIC_ONE_ROW("s6", "w0", "")                          \
    INTNIC_ONE_ROW("s7", "w1", LAST)

/* What is loaded before the first step, and given back behind the last. */
#define INTNIC_FIRST_WEIGHTS                                \
    "ldr.w %[w0], [%[w]], #4\n\t"                           \
    "ldr.w %[w1], [%[w]], #4\n\t"
#define INTNIC_GIVE_BACK "sub.w %[w], %[w], #8\n\t"

/* Steps of a block between two looks at where the inputs end. */
#define INTNIC_FOUR_STEPS(INPUTS, ROWS, LAST)               \
    INTNIC_STEP(INPUTS, ROWS, "")                           \
    INTNIC_STEP(INPUTS, ROWS, "")                           \
    INTNIC_STEP(INPUTS, ROWS, "")                           \
    INTNIC_STEP(INPUTS, ROWS, LAST)
#define INTNIC_BLOCK(INPUTS, ROWS, AGAIN)                   \
    INTNIC_FOUR_STEPS(INPUTS, ROWS, "")                     \
    INTNIC_FOUR_STEPS(INPUTS, ROWS, "")                     \
    INTNIC_FOUR_STEPS(INPUTS, ROWS, "")                     \
    INTNIC_FOUR_STEPS(INPUTS, ROWS, AGAIN)
#define INTNIC_BLOCK_STEPS 16
