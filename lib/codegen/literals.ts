/** Writing values as C source. */

/** A comma-separated list in lines of at most 96 columns, indented by four. */
export function formatList(items: Iterable<string | number>): string {
  const lines: string[] = [];
  let line = "   ";
  for (const item of items) {
    if (line.length + String(item).length + 2 > 96) {
      lines.push(line);
      line = "   ";
    }
    line += ` ${item},`;
  }
  return [...lines, line].join("\n");
}

/** A C identifier made of a layer's name: lower case, digits, underscores; never a keyword. */
export function toIdentifier(name: string): string {
  const words = name.toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "");
  return /^[a-z]/.test(words) ? words : `layer_${words}`;
}

/** Distinct identifiers for the names, in their order; equal ones get a number. */
export function toIdentifiers(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const base = toIdentifier(name);
    let identifier = base;
    for (let i = 2; taken.has(identifier); i++) identifier = `${base}_${i}`;
    taken.add(identifier);
    return identifier;
  });
}

/** Text that may stand inside a C comment whatever the model's author called things. */
export function toComment(text: string): string {
  // Two question marks could begin a trigraph.
  return text.replace(/[^\x20-\x7e]/g, "_").replace(/\?(?=\?)/g, "? ").replace(/\*\//g, "* /")
    .replace(/\/\*/g, "/ *");
}

/** Indents every line that is not empty. */
export function indent(text: string, by = "    "): string {
  return text.replace(/^(?=.)/gm, by);
}
