/** C source of the kernels, by file name without extension; see `loadKernels`. */
export type KernelSources = ReadonlyMap<string, string>;

/**
 * The C of a kernel that a layer asked for: a file's name, or `file@MACRO=value,…` for a file that is
 * a template and is written once for each set of values of its macros.
 */
export function kernelText(kernels: KernelSources, wanted: string): string {
  const [file, setting] = wanted.split("@") as [string, string | undefined];
  const text = kernels.get(file);
  if (text === undefined) {
    throw new Error(`The kernel ${file} was not loaded; loadKernels reads them all.`);
  }
  if (setting === undefined) return text;
  const macros = setting.split(",").map((each) => each.split("=") as [string, string]);
  const defines = macros.map(([macro, value]) => `#define ${macro} ${value}\n`);
  const undefines = macros.map(([macro]) => `#undef ${macro}\n`);
  return `${defines.join("")}${text}${undefines.join("")}`;
}

/** Bytes of flash that a character of C takes, comments and indentation left out; all cores alike. */
const CHARACTER = 0.12;
/** Bytes of an instruction. */
const INSTRUCTION = 3;

/** About how many bytes of flash some C takes, the numbers in its tables not counted. */
export function codeBytes(text: string): number {
  const bare = text.replaceAll(/\/\*.*?\*\//gs, "")
    .replaceAll(/(#if[^\n]*INTNIC_ASSEMBLY.*?)#else\n.*?#endif/gs, "$1")
    .replaceAll(/\s+/g, " ");
  const instructions = bare.match(/\\n/g)?.length ?? 0;
  const c = bare.replaceAll(/"[^"]*"|: *\[[^;]*;/g, "");
  return Math.ceil(CHARACTER * c.length) + INSTRUCTION * instructions;
}
