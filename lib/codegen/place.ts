/** A run of bytes with a lifetime, not yet placed. */
export interface Buffer {
  readonly name: string;
  bytes: number;
  /** First and last step at which it is alive. */
  readonly from: number;
  to: number;
  /**
   * Another buffer, which dies at the step this one is born at, and whose bytes this one may take
   * over: it must begin at least `distance` bytes before it, or a multiple of `unit` bytes more if
   * that is given.
   */
  over?: { readonly buffer: Buffer; readonly distance: number; readonly unit?: number };
}

/** Slots start at multiples of this, so that kernels may read whole words. */
const ALIGNMENT = 4;

/** Orders tried besides the usual ones. */
const SHUFFLES = 64;
/** … where time counts. */
const QUICK_SHUFFLES = 12;
/** Programs with more buffers than this are placed in the usual orders only. */
const MAX_SHUFFLED = 100;

/**
 * An offset for every buffer, such that none that are alive at once share a byte, but for outputs that
 * take over their inputs'. Each buffer goes to the lowest offset that is free for its lifetime; of the
 * orders to do that in (by size, by time, both ways, and some others), the one that needs the fewest
 * bytes is taken.
 */
export function placeBuffers(buffers: readonly Buffer[], quick = false): Map<Buffer, number> {
  const bySize = [...buffers].sort((a, b) => b.bytes - a.bytes);
  const byTime = [...buffers].sort((a, b) => b.from - a.from || b.bytes - a.bytes);
  // Outputs begin before the inputs they take over, the last of all at the start.
  const taken = new Set(
    buffers.flatMap((buffer) => buffer.over === undefined ? [] : [buffer, buffer.over.buffer]),
  );
  const takenFirst = [
    ...byTime.filter((buffer) => taken.has(buffer)),
    ...bySize.filter((buffer) => !taken.has(buffer)),
  ];
  const orders = [bySize, byTime, byTime.toReversed(), takenFirst];
  if (buffers.length <= MAX_SHUFFLED) {
    for (let seed = 1; seed <= (quick ? QUICK_SHUFFLES : SHUFFLES); seed++) {
      orders.push(perturbed(bySize, seed));
    }
  }
  let best: { bytes: number; placed: Map<Buffer, number> } | undefined;
  for (const order of orders) {
    const placed = placeInOrder(order);
    const bytes = [...placed].reduce((end, [{ bytes }, at]) => Math.max(end, at + bytes), 0);
    if (best === undefined || bytes < best.bytes) best = { bytes, placed };
  }
  return best!.placed;
}

/** The buffers by size, but for some that are looked at earlier or later than their turn. */
function perturbed(bySize: readonly Buffer[], seed: number): Buffer[] {
  const rank = new Map(bySize.map((buffer, i) => {
    // A hash of both numbers, in [0, 1).
    const noise = (Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed, 0x85ebca6b)) >>> 0;
    return [buffer, i + 4 * (Math.imul(noise ^ noise >>> 15, 0x2c1b3c6d) >>> 0) / 2 ** 32];
  }));
  return [...bySize].sort((a, b) => rank.get(a)! - rank.get(b)!);
}

function placeInOrder(order: readonly Buffer[]): Map<Buffer, number> {
  const placed = new Map<Buffer, number>();
  for (const buffer of order) {
    const rivals = [...placed].filter(([rival]) =>
      rival.from <= buffer.to && buffer.from <= rival.to
    );
    const candidates = rivals.flatMap(([rival, start]) => {
      const after = align(start + rival.bytes);
      if (buffer.over?.buffer === rival) return [after, alignDown(start - buffer.over.distance)];
      if (rival.over?.buffer === buffer) return [after, align(start + rival.over.distance)];
      return [after];
    });
    const offset = [0, ...candidates].sort((a, b) => a - b).find((candidate) =>
      candidate >= 0 &&
      rivals.every(([rival, start]) => !conflict(buffer, candidate, rival, start))
    );
    placed.set(buffer, offset!);
  }
  return placed;
}

/** True if two buffers that are alive at once cannot lie there. */
function conflict(a: Buffer, aStart: number, b: Buffer, bStart: number): boolean {
  if (aStart + a.bytes <= bStart || bStart + b.bytes <= aStart) return false;
  if (a.over?.buffer === b) return !mayBegin(a.over, bStart - aStart);
  if (b.over?.buffer === a) return !mayBegin(b.over, aStart - bStart);
  return true;
}

/** True if a buffer may begin so many bytes before the one that it takes over. */
function mayBegin({ distance, unit = 1 }: NonNullable<Buffer["over"]>, before: number): boolean {
  return before >= distance && (before - distance) % unit === 0;
}

function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

function alignDown(offset: number): number {
  return Math.floor(offset / ALIGNMENT) * ALIGNMENT;
}
