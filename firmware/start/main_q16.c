#include "model.h"

/* As main.c, for firmware whose features are fixed point: Q16.16 in and out. */
int32_t intnic_input[MODEL_INPUT_SIZE];
int32_t intnic_output[MODEL_OUTPUT_SIZE];

int main(void)
{
#ifdef MODEL_STATEFUL
    model_reset();
#endif
    model_infer_q16(intnic_input, intnic_output);
    return 0;
}
