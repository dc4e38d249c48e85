import { rowDistance } from "../codegen/overlap.ts";
import type { Window } from "../ops/window.ts";
import type { Shape } from "../types.ts";

/** Bytes of a padded image that may be copied as a whole. */
const WHOLE = 2048;

/** Windows in lines, of which a kernel computes several neighbours at once. */
export interface WindowLines {
  /** How many lines, how many windows each, and how many groups of neighbours they make. */
  readonly lines: number;
  readonly windows: number;
  readonly groups: number;
  /** Bytes from one line, or one window of a line, to the next. */
  readonly lineStep: number;
  readonly step: number;
  readonly yLine: number;
  readonly yStep: number;
  /** Bytes from one row of a window to the next. */
  readonly rowStep: number;
  /** Rows that are copied with what surrounds them; none if the image needs no padding. */
  readonly band: {
    readonly columns: number;
    readonly rows: number;
    /** Image rows from one to the next. */
    readonly step: number;
    /** Image rows from one line's to the next, 0 if they are copied once. */
    readonly stride: number;
    readonly bytes: number;
  };
  /** See `rowDistance`; absent if the output must not touch the input. */
  readonly distance?: number;
}

const noBand = { columns: 0, rows: 0, step: 0, stride: 0, bytes: 0 } as const;

/**
 * The way to walk over an image that makes the fewest groups: along rows, along columns, or where
 * windows have no neighbours to see, along all pixels as one row. Undefined if no line has as many
 * windows as a group.
 *
 * @param atOnce windows of a group; the last of a line may be some of those before again
 */
export function windowLines(
  window: Window,
  input: Shape,
  output: Shape,
  atOnce: number,
): WindowLines | undefined {
  const candidates = [along("rows"), along("columns"), flat()];
  return candidates.filter((lines) => lines !== undefined && lines.windows >= atOnce)
    .toSorted((a, b) => a!.groups - b!.groups)[0];

  function along(direction: "rows" | "columns"): WindowLines | undefined {
    const { kernel, stride, dilation, padding } = window;
    const [, width, depth] = input as [number, number, number];
    const [outHeight, outWidth, outputs] = output as [number, number, number];
    const padded = padding.top + padding.bottom + padding.left + padding.right > 0;
    const columns = padded ? (outWidth - 1) * stride[1] + reach(window, 1) : width;
    const pitch = columns * depth;
    const whole = direction === "columns";
    const rows = whole ? (outHeight - 1) * stride[0] + reach(window, 0) : kernel[0];
    if (whole && padded && rows * pitch > WHOLE) return undefined;
    const [down, right] = [stride[0] * pitch, stride[1] * depth];
    const band = !padded ? noBand : {
      columns,
      rows,
      step: whole ? 1 : dilation[0],
      stride: whole ? 0 : stride[0],
      bytes: rows * pitch,
    };
    const rowStep = pitch * (padded && !whole ? 1 : dilation[0]);
    if (whole) {
      return {
        lines: outWidth,
        windows: outHeight,
        groups: outWidth * Math.ceil(outHeight / atOnce),
        lineStep: right,
        step: down,
        yLine: outputs,
        yStep: outWidth * outputs,
        rowStep,
        band,
        ...(padded ? { distance: 0 } : {}),
      };
    }
    return {
      lines: outHeight,
      windows: outWidth,
      groups: outHeight * Math.ceil(outWidth / atOnce),
      lineStep: padded ? 0 : down,
      step: right,
      yLine: outWidth * outputs,
      yStep: outputs,
      rowStep,
      band,
      distance: rowDistance({
        rows: outHeight,
        outputRow: outWidth * outputs,
        inputRow: width * depth,
        stride: stride[0],
        before: padding.top,
        copied: padded,
      }),
    };
  }

  function flat(): WindowLines | undefined {
    const { kernel, stride, padding } = window;
    const depth = input[2]!;
    const outputs = output[2]!;
    const pixels = output[0]! * output[1]!;
    const plain = [...kernel, ...stride].every((size) => size === 1) &&
      Object.values(padding).every((size) => size === 0);
    if (!plain) return undefined;
    const groups = Math.ceil(pixels / atOnce);
    const distance = rowDistance({
      rows: pixels,
      atOnce,
      outputRow: outputs,
      inputRow: depth,
      stride: 1,
      before: 0,
      copied: true,
    });
    return {
      lines: 1,
      windows: pixels,
      groups,
      lineStep: 0,
      step: depth,
      yLine: 0,
      yStep: outputs,
      rowStep: 0,
      band: noBand,
      // The last group may read some again that others have read before.
      distance: Math.max(distance, (groups - 1) * atOnce * outputs - (pixels - atOnce) * depth),
    };
  }
}

/** Rows or columns from the first to the last tap. */
function reach({ kernel, dilation }: Window, axis: 0 | 1): number {
  return (kernel[axis] - 1) * dilation[axis] + 1;
}
