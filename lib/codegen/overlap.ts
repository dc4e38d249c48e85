import type { Window } from "../ops/window.ts";
import type { Shape } from "../types.ts";

/** How an op walks over rows. */
export interface RowWalk {
  /** Output rows, and how many of them are written at a time. */
  readonly rows: number;
  readonly atOnce?: number;
  /** Bytes of a row of the output and of the input. */
  readonly outputRow: number;
  readonly inputRow: number;
  /** First input row that output row r sees: stride · r − before, if that is not negative. */
  readonly stride: number;
  readonly before: number;
  /** True if all input rows of an output row are copied before it is written. */
  readonly copied?: boolean;
}

/**
 * How many bytes before its input an op's output has to begin, so that the rows it writes take the
 * place only of input rows that no later output row sees.
 */
export function rowDistance(
  { rows, atOnce = 1, outputRow, inputRow, stride, before, copied = false }: RowWalk,
): number {
  let distance = 0;
  for (let row = 0; row < rows; row += atOnce) {
    const next = row + (copied ? atOnce : 0);
    // After the last rows nothing is read any more.
    if (next >= rows) break;
    const written = Math.min(rows, row + atOnce) * outputRow;
    const needed = Math.max(0, next * stride - before) * inputRow;
    distance = Math.max(distance, written - needed);
  }
  return distance;
}

/** The same for an op that slides a window over an NHWC image, pixel by pixel. */
export function windowDistance(
  { stride, padding }: Pick<Window, "stride" | "padding">,
  input: Shape,
  output: Shape,
): number {
  return rowDistance({
    rows: output[0]!,
    outputRow: output[1]! * output[2]!,
    inputRow: input[1]! * input[2]!,
    stride: stride[0],
    before: padding.top,
  });
}
