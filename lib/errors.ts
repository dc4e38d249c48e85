/**
 * A mistake of the user, or a limit of the machine, told in full sentences: what is wrong, the
 * value, what would be right. The command line prints the message alone, without a stack trace,
 * and ends with `exitCode`.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  /** 1 for bad input or a missing tool, 2 for wrong usage of the command line. */
  readonly exitCode: 1 | 2;

  constructor(message: string, options: { cause?: unknown; exitCode?: 1 | 2 } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The candidate closest to `word` by edit distance, or undefined if none is near enough to help. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  return nearestFew(word, candidates, 1)[0];
}

/**
 * Up to `most` candidates that are about as close to `word` as the closest, which comes first; none
 * if that is not near enough to help.
 */
export function nearestFew(word: string, candidates: Iterable<string>, most: number): string[] {
  const limit = Math.max(3, Math.ceil(word.length / 2));
  const found = [...new Set(candidates)]
    .map((name) => ({ name, distance: editDistance(word, name) }))
    .filter(({ distance }) => distance <= limit)
    // Sorting keeps the order of those that are equally close.
    .sort((a, b) => a.distance - b.distance);
  // A name as short as its distance has nothing in common with the word.
  return found.filter(({ name, distance }, n) =>
    n === 0 || distance <= found[0]!.distance + 1 && distance < name.length
  ).slice(0, most).map(({ name }) => name);
}

/** Number of single-character insertions, deletions and replacements that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
