/**
 * `intnic targets`: what can be deployed to.
 *
 * @module
 */
import Table from "cli-table3";
import { formatBytes, formatHertz, UNKNOWN } from "../record/format.ts";
import { listTargets } from "../targets.ts";

/** Prints the shipped targets, as a table or as JSON. */
export async function targets(options: { json?: boolean } = {}): Promise<void> {
  const list = await listTargets();
  if (options.json) {
    console.log(JSON.stringify(list, null, 2));
    return;
  }
  const table = new Table({
    head: ["target", "isa", "clock", "flash", "RAM", "runs in", "description"],
    colAligns: ["left", "left", "right", "right", "right"],
    colWidths: [null, null, null, null, null, null, 52],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  });
  for (const { name, isa, clock, memory, runner, description } of list) {
    table.push([
      name,
      isa,
      clock ? formatHertz(clock.hz) : UNKNOWN,
      memory ? formatBytes(memory.flash.size) : UNKNOWN,
      memory ? formatBytes(memory.ram.size) : UNKNOWN,
      runner === "ffi" ? "this machine" : "Unicorn",
      description,
    ]);
  }
  console.log(table.toString());
  console.log("Sources of the figures, the compilers and flags: --json. Your own target: a .json");
  console.log("file like those in targets/, given as --target ./mine.json.");
}
