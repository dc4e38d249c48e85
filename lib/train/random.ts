/**
 * Seeded random numbers, so that a training run can be repeated.
 *
 * @module
 */

/** A source of random numbers. */
export interface Random {
  /** Uniform in 0 ≤ x < 1. */
  uniform(): number;
}

/**
 * A repeatable source: the same seed and stream give the same numbers everywhere. Different streams
 * of a seed are independent, so that drawing more from one does not disturb the others.
 *
 * Method: xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021)
 * whose state is filled by a 32-bit mixing of the seed.
 */
export function createRandom(seed: number, stream: string): Random {
  let mixed = 0x9e3779b9;
  const mix = (word: number): number => {
    mixed = Math.imul(mixed ^ word, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return mixed ^= mixed >>> 16;
  };
  mix(seed | 0);
  mix(Math.floor(seed / 2 ** 32) | 0);
  for (const character of stream) mix(character.codePointAt(0)!);
  let [a, b, c, d] = [mix(1), mix(2), mix(3), mix(4) | 1];

  return {
    uniform: () => {
      const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = rotate(d, 11);
      return scrambled / 2 ** 32;
    },
  };
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** The numbers 0…count−1 in random order (Fisher and Yates' shuffle). */
export function permutation(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
