/**
 * For documentation that runs: a small firmware, built with the target's compiler.
 *
 * @module
 */

import { findCompiler } from "../build/toolchain.ts";
import { loadTarget } from "../targets.ts";
import { build } from "./emulator/testing.ts";

const SOURCE = `
#include <stdint.h>
int16_t samples[16];
int32_t last;
int32_t sum(const int16_t *values, int32_t count)
{
    last = 0;
    for (int32_t i = 0; i < count; i++) last += values[i];
    return last;
}
int main(void) { return 0; }
`;

/** An ELF file with a function `sum`, or undefined where the compiler is not installed. */
export async function exampleFirmware(name: string): Promise<Uint8Array | undefined> {
  const target = await loadTarget(name);
  try {
    await findCompiler(target);
  } catch {
    return undefined;
  }
  return build(target, { "example.c": SOURCE });
}
