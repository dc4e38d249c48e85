/**
 * Random distortions of grey images, so that a network sees every training sample anew each epoch.
 *
 * @module
 */
import type { Random } from "./random.ts";

/** How far images are distorted; all zero leaves them as they are. */
export interface Distortion {
  /** Largest turn, degrees. */
  readonly rotation: number;
  /** Largest change of size, as a fraction, for each axis on its own. */
  readonly scale: number;
  /** Largest slant: horizontal shift per pixel of height. */
  readonly shear: number;
  /** Largest shift along each axis, pixels. */
  readonly shift: number;
}

/** Writes a distorted image, as 0…1, into `target`; `source` has the same size and is 0…255. */
export type Distort = (source: Uint8Array, target: Float32Array) => void;

/**
 * Makes a function that distorts grey images of one size, each call differently. Output pixel (x, y)
 * takes the value that the source has at the place the random mapping sends it to, interpolated
 * bilinearly; outside, the source is 0. The mapping is affine and keeps the image's centre up to the
 * shift; each of its parameters is uniform within plus or minus its limit.
 */
export function createDistort(
  height: number,
  width: number,
  { rotation, scale, shear, shift }: Distortion,
  random: Random,
): Distort {
  const within = (limit: number) => (2 * random.uniform() - 1) * limit;
  return (source, target) => {
    const angle = within(rotation) * Math.PI / 180;
    const scaleX = 1 + within(scale);
    const scaleY = 1 + within(scale);
    const slant = within(shear);
    const shiftX = within(shift);
    const shiftY = within(shift);
    // Turn · slant · scale, from output coordinates to source coordinates.
    const xx = Math.cos(angle) * scaleX;
    const xy = (Math.cos(angle) * slant - Math.sin(angle)) * scaleY;
    const yx = Math.sin(angle) * scaleX;
    const yy = (Math.sin(angle) * slant + Math.cos(angle)) * scaleY;
    const centreX = (width - 1) / 2;
    const centreY = (height - 1) / 2;
    for (let y = 0; y < height; y++) {
      const v = y - centreY;
      for (let x = 0; x < width; x++) {
        const u = x - centreX;
        const fromX = centreX + xx * u + xy * v + shiftX;
        const fromY = centreY + yx * u + yy * v + shiftY;
        target[y * width + x] = interpolate(source, height, width, fromX, fromY) / 255;
      }
    }
  };
}

/** The image's value between its pixels; 0 outside. */
function interpolate(
  image: Uint8Array,
  height: number,
  width: number,
  x: number,
  y: number,
): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const dx = x - left;
  const dy = y - top;
  const at = top * width + left;
  const hasLeft = left >= 0 && left < width;
  const hasRight = left >= -1 && left < width - 1;
  let value = 0;
  if (top >= 0 && top < height) {
    if (hasLeft) value += (1 - dx) * (1 - dy) * image[at]!;
    if (hasRight) value += dx * (1 - dy) * image[at + 1]!;
  }
  if (top >= -1 && top < height - 1) {
    if (hasLeft) value += (1 - dx) * dy * image[at + width]!;
    if (hasRight) value += dx * dy * image[at + width + 1]!;
  }
  return value;
}
