/** C source of the kernels, by file name without extension; see `loadKernels`. */
export type KernelSources = ReadonlyMap<string, string>;

/**
 * The C of a kernel that a layer asked for: a file's name, or `file@MACRO=value` for a file that is a
 * template and is written once for each value of the macro.
 */
export function kernelText(kernels: KernelSources, wanted: string): string {
  const [file, setting] = wanted.split("@") as [string, string | undefined];
  const text = kernels.get(file);
  if (text === undefined) {
    throw new Error(`The kernel ${file} was not loaded; loadKernels reads them all.`);
  }
  if (setting === undefined) return text;
  const [macro, value] = setting.split("=") as [string, string];
  return `#define ${macro} ${value}\n${text}#undef ${macro}\n`;
}
