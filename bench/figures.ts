import { UserError } from "../lib/errors.ts";
import type { Row } from "./measure.ts";

/** The figures that must not worsen. */
const KINDS = ["cycles", "instructions", "flash", "ram"] as const;

/** … by more than this share of themselves. */
const TOLERANCE = 0.01;

/** What one network on one target at one level may cost. */
export type Figures = Readonly<Record<typeof KINDS[number], number>>;

/** Committed figures: `<model> <target> <level>` → what it costs, and the compilers they hold for. */
export interface FigureFile {
  readonly compilers: readonly string[];
  readonly figures: Readonly<Record<string, Figures>>;
}

/** The file they are committed in. */
export const figurePath = new URL("figures.json", import.meta.url).pathname;

/**
 * Reads the committed figures.
 * @throws {UserError} if they are damaged
 */
export async function readFigures(path = figurePath): Promise<FigureFile> {
  let text;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return { compilers: [], figures: {} };
    throw cause;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UserError(`${path} is damaged: ${(cause as Error).message}.`, { cause });
  }
}

/** Writes figures, one line a case, the old ones of cases that were not measured included. */
export async function writeFigures(rows: readonly Row[], path = figurePath): Promise<void> {
  const old = await readFigures(path);
  const figures = { ...old.figures };
  for (const row of rows) figures[keyOf(row)] = figuresOf(row);
  const compilers = new Set([...old.compilers, ...rows.map(({ compiler }) => compiler)]);
  const lines = Object.keys(figures).sort().map((key) =>
    `    ${JSON.stringify(key)}: ${JSON.stringify(figures[key])}`
  );
  const list = [...compilers].sort().map((name) => `    ${JSON.stringify(name)}`);
  await Deno.writeTextFile(
    path,
    `{\n  "compilers": [\n${list.join(",\n")}\n  ],\n  "figures": {\n${
      lines.join(",\n")
    }\n  }\n}\n`,
  );
}

/** How a measured case compares with its committed figures. */
export interface Comparison {
  /** Full sentences: what has worsened too much. */
  readonly worse: readonly string[];
  /** True if something got better by more than the tolerance: time to commit it. */
  readonly better: boolean;
}

/** Compares; a case without committed figures is worse in nothing. */
export function compare(row: Row, { compilers, figures }: FigureFile): Comparison {
  const committed = figures[keyOf(row)];
  if (committed === undefined) return { worse: [], better: true };
  const measured = figuresOf(row);
  const where = `${row.model} on ${row.target}, --optimize ${row.optimize}`;
  const other = compilers.includes(row.compiler)
    ? ""
    : ` The compiler is another one: ${row.compiler}.`;
  const worse = KINDS.filter((kind) => measured[kind] > committed[kind] * (1 + TOLERANCE)).map(
    (kind) => {
      const percent = 100 * (measured[kind] / committed[kind] - 1);
      return `${where}: ${NAMES[kind]} went from ${count(committed[kind])} to ` +
        `${count(measured[kind])}, ${percent.toFixed(1)} % more.${other}`;
    },
  );
  const better = KINDS.some((kind) => measured[kind] < committed[kind] * (1 - TOLERANCE));
  return { worse, better };
}

const NAMES: Readonly<Record<typeof KINDS[number], string>> = {
  cycles: "cycles",
  instructions: "instructions",
  flash: "bytes of flash",
  ram: "bytes of RAM",
};

/** What a case is called in the file. */
export function keyOf(
  { model, target, optimize }: Pick<Row, "model" | "target" | "optimize">,
): string {
  return `${model} ${target} ${optimize}`;
}

function figuresOf({ cycles, instructions, flash, ram }: Row): Figures {
  return { cycles, instructions, flash: flash.total, ram: ram.total };
}

/** A number as people read it. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
