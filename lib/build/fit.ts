import { UserError } from "../errors.ts";
import type { Binary, CLayer, CProgram } from "../types.ts";

/**
 * Checks a program against its target's memory.
 * @throws {UserError} saying by how many bytes it is too large, and which layer takes the most
 */
export function requireFit(binary: Binary, program: CProgram): void {
  const { target, flash, ram } = binary;
  if (target.memory === undefined) return;
  const report = (kind: string, need: number, have: number, layer: CLayer, share: string) => {
    if (need <= have) return;
    throw new UserError(
      `The model ${program.name} does not fit ${target.name}: it needs ${need} bytes of ${kind} ` +
        `and the target has ${have}, ${need - have} too few. Layer ${layer.name} takes the most, ` +
        `${share}.`,
    );
  };
  const heaviest = largest(program.layers, ({ weightBytes }) => weightBytes);
  report(
    "flash",
    flash.total,
    target.memory.flash.size,
    heaviest,
    `${heaviest.weightBytes} bytes of weights`,
  );
  const widest = largest(program.layers, ({ arenaBytes }) => arenaBytes);
  report("RAM", ram.total, target.memory.ram.size, widest, `${widest.arenaBytes} bytes of arena`);
}

function largest(layers: readonly CLayer[], bytes: (layer: CLayer) => number): CLayer {
  return layers.reduce((best, layer) => bytes(layer) > bytes(best) ? layer : best);
}
