import type { Random } from "./op_trials.ts";

/** Steps of a sequence. */
export const STEPS = 50;
/** Units of the networks trained for the task. */
export const HIDDEN = 12;

/**
 * A task that needs memory: of a signal, hold the last value that was marked. Each step has the
 * signal's value, −1…1, and the mark, 0 or 1; before the first mark the answer is 0.
 */
export function holdSequence(random: Random): { x: Float32Array; y: Float32Array } {
  const x = new Float32Array(2 * STEPS);
  const y = new Float32Array(STEPS);
  let held = 0;
  for (let step = 0; step < STEPS; step++) {
    const value = 2 * random() - 1;
    const mark = random() < 0.15;
    if (mark) held = value;
    x.set([value, Number(mark)], 2 * step);
    y[step] = held;
  }
  return { x, y };
}
