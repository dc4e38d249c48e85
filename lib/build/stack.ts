/** One function of the compiler's call graph. */
interface Frame {
  readonly bytes: number;
  readonly calls: string[];
}

/**
 * Deepest stack, in bytes, of a call to `entry`, from the graphs that `gcc -fcallgraph-info=su`
 * writes (VCG text, one `.ci` file a source): every function's own frame, and who calls whom.
 *
 * @throws {Error} if a frame's size varies at run time, calls recurse, or a function outside the
 * graphs is called: then there is no bound
 */
export function deepestStack(graphs: readonly string[], entry: string): number {
  const frames = new Map<string, Frame>();
  for (const text of graphs) readGraph(text, frames);
  const start = [...frames.keys()].find((title) => functionName(title) === entry);
  if (start === undefined) throw new Error(`The call graph has no function ${entry}.`);
  return depth(start, frames, []);
}

function depth(title: string, frames: ReadonlyMap<string, Frame>, path: readonly string[]): number {
  if (path.includes(title)) throw new Error(`The stack has no bound: ${title} calls itself.`);
  const frame = frames.get(title);
  if (frame === undefined) {
    throw new Error(`The stack has no bound: ${path.at(-1)} calls ${title}, which is elsewhere.`);
  }
  const below = frame.calls.map((callee) => depth(callee, frames, [...path, title]));
  return frame.bytes + Math.max(0, ...below);
}

/** Static functions carry their file in front: `model.c:model_run`. */
function functionName(title: string): string {
  return title.slice(title.lastIndexOf(":") + 1);
}

function readGraph(text: string, frames: Map<string, Frame>): void {
  for (const [, title, label] of text.matchAll(/^node: \{ title: "([^"]*)" label: "([^"]*)"/gm)) {
    const size = /\\n(\d+) bytes \((static|dynamic(?:,bounded)?)\)/.exec(label!);
    // A node without a size is a function that another file defines.
    if (size === null) continue;
    if (size[2] === "dynamic") {
      throw new Error(`The stack of ${title} has no bound: its frame grows at run time.`);
    }
    frames.set(title!, { bytes: Number(size[1]), calls: [] });
  }
  const edges = /^edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"/gm;
  for (const [, source, target] of text.matchAll(edges)) frames.get(source!)?.calls.push(target!);
}
