#include "model.h"

/*
 * The smallest firmware around a model: one inference from and to these buffers. A debugger or
 * emulator fills the first and reads the second.
 */
int8_t intnic_input[MODEL_INPUT_SIZE];
int8_t intnic_output[MODEL_OUTPUT_SIZE];

int main(void)
{
#ifdef MODEL_STATEFUL
    model_reset();
#endif
    model_infer(intnic_input, intnic_output);
    return 0;
}
