import { UserError } from "../errors.ts";
import type { KernelSources } from "../codegen/kernel_text.ts";
import type { Target } from "../types.ts";

const folder = new URL("../../firmware/kernels/", import.meta.url);

/**
 * The C of every kernel in the flavour that suits a target best: of the flavours the target names,
 * the first that has the kernel.
 *
 * @throws {UserError} if the target names a flavour that does not exist
 */
export async function loadKernels(
  target: Pick<Target, "name" | "kernels">,
): Promise<KernelSources> {
  const sources = new Map<string, string>();
  const flavours = [...new Set([...target.kernels, "generic"])];
  for (const flavour of flavours.reverse()) {
    const files = new URL(`${flavour}/`, folder);
    try {
      for await (const { name } of Deno.readDir(files)) {
        if (!name.endsWith(".c")) continue;
        sources.set(name.slice(0, -2), await Deno.readTextFile(new URL(name, files)));
      }
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      throw new UserError(
        `Target ${target.name} asks for the kernel flavour "${flavour}", which is not under ` +
          `firmware/kernels/.`,
        { cause },
      );
    }
  }
  return sources;
}
