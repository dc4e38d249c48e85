/** Writing loops over arrays of any rank that call a kernel for each innermost row. */
import { indent } from "./literals.ts";

/** One loop: how often it runs, and how far each array's pointer moves each time. */
export interface Axis {
  readonly size: number;
  /** In elements, per array; 0 where an array repeats, negative where it is read backwards. */
  readonly steps: readonly number[];
}

/**
 * The fewest loops that visit the same elements in the same order: axes of one element are left out,
 * and neighbours that all arrays step through as through one are merged.
 *
 * @param axes outermost first
 */
export function collapseAxes(axes: readonly Axis[]): Axis[] {
  const merged: Axis[] = [];
  for (const axis of axes.filter(({ size }) => size > 1)) {
    const outer = merged.at(-1);
    if (outer?.steps.every((step, i) => step === axis.size * axis.steps[i]!)) {
      merged[merged.length - 1] = { size: outer.size * axis.size, steps: axis.steps };
    } else {
      merged.push(axis);
    }
  }
  return merged;
}

/**
 * C that loops over all axes but the innermost and calls a kernel for each row.
 *
 * @param axes outermost first; collapsed here
 * @param arrays the C expression of each array's first element, in the order of `Axis.steps`
 * @param call a statement, given where the row begins in each array, and the row's axis
 */
export function rowLoops(
  axes: readonly Axis[],
  arrays: readonly string[],
  call: (rows: readonly string[], row: Axis) => string,
): string {
  const outer = collapseAxes(axes);
  // Of one element, any step is right; 1 lets a row be copied as a run.
  const row = outer.pop() ?? { size: 1, steps: arrays.map(() => 1) };
  const rows = arrays.map((array, a) =>
    outer.reduce((sum, { steps }, i) => sum + offset(steps[a]!, `i${i}`), array)
  );
  return outer.reduceRight(
    (body, { size }, i) =>
      `for (int32_t i${i} = 0; i${i} < ${size}; i${i}++) {\n${indent(body)}\n}`,
    call(rows, row),
  );
}

function offset(step: number, index: string): string {
  if (step === 0) return "";
  const distance = Math.abs(step) === 1 ? index : `${Math.abs(step)} * ${index}`;
  return step < 0 ? ` - ${distance}` : ` + ${distance}`;
}

/** Distance between neighbours along each axis of a row-major array. */
export function strides(shape: readonly number[]): number[] {
  const steps: number[] = [];
  shape.reduceRight((step, size) => {
    steps.unshift(step);
    return step * size;
  }, 1);
  return steps;
}
