/**
 * Integer Winograd F(4×4, 3×3): what its kernels have in common.
 *
 * @module
 */
import type { Conv2d } from "../ops/conv2d.ts";

/** Height and width of a tile of outputs. */
export const TILE = 4;
/** Elements of a transformed tile. */
export const ELEMENTS = (TILE + 2) ** 2;
/** 64 times a sum stays in int32 below this. */
export const MAX_SUM = 2 ** 25;

/** Transform of the weights, times 24; the kernels' other transforms make up for the last row. */
const G = [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 6]] as const;

/** Why a convolution cannot be computed so, if it cannot. */
export function notWinograd(
  { groups = 1, kernel, stride, dilation }: Conv2d,
): string | undefined {
  if (groups > 1) return "its channels come in groups";
  if (kernel[0] !== 3 || kernel[1] !== 3) return "its windows are not 3×3";
  if (stride[0] !== 1 || stride[1] !== 1) return "its stride is not 1";
  if (dilation[0] !== 1 || dilation[1] !== 1) return "its windows have holes";
  return undefined;
}

/** G·w·Gᵀ of a 3×3 window, column by column. */
export function transform(weight: (tap: number) => number): number[] {
  return G.flatMap((along) =>
    G.map((down) =>
      down.reduce(
        (sum: number, a, ky) =>
          sum + a * along.reduce((inner: number, b, kx) => inner + b * weight(3 * ky + kx), 0),
        0,
      )
    )
  );
}
