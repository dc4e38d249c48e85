import assert from "node:assert/strict";
import { join } from "node:path";
import { relativeError, runFolder, runtimeOutput, SUITE } from "./onnx_suite.ts";

/** Passed when this was written, with version 1.12 of the package; a later one may have more. */
const LEAST = 370;

/** Why a test was skipped, without what differs from one to the next. */
function kindOf(reason: string): string {
  const operator = / is the operator (\S+), /.exec(reason)?.[1];
  if (reason.includes("\n- ")) return "several operators that intnic does not have";
  if (operator !== undefined) return "operators that intnic does not have";
  return reason
    .replace(/^Node .*? \((\S+)\) /, "$1 ")
    .replace(/;.*$/s, "")
    .replace(/\[.*?\]|\d+(×\d+)+|\d+(\.\d+)?(,\d+(\.\d+)?)*/g, "…");
}

Deno.test("ONNX's own tests: every model of operators that intnic has gives the output that is right", async () => {
  const sets = ["node", "pytorch-converted", "pytorch-operator", "simple"];
  const present = await Deno.stat(SUITE).then(() => true, () => false);
  if (!present) {
    console.log("Skipped: Debian's package libonnx-testdata is not installed.");
    return;
  }
  let passed = 0;
  let worst = 0;
  let exports = 0;
  const failed: string[] = [];
  const skipped = new Map<string, number>();
  for (const set of sets) {
    const folders = await Array.fromAsync(Deno.readDir(join(SUITE, set)));
    for (const { name } of folders.sort((a, b) => a.name < b.name ? -1 : 1)) {
      const outcome = await runFolder(join(SUITE, set, name));
      if (outcome.kind === "failed") failed.push(`${name}: ${outcome.reason}`);
      else if (outcome.kind === "passed") {
        passed++;
        worst = Math.max(worst, outcome.error);
        if (!set.startsWith("pytorch")) continue;
        // Exported from PyTorch: ONNX Runtime is to agree too.
        // It no longer has the oldest versions of some operators.
        const wanted = await runtimeOutput(join(SUITE, set, name)).catch(() => undefined);
        if (wanted === undefined) continue;
        const error = relativeError(outcome.output, wanted);
        if (error > 1e-4) failed.push(`${name}: ${error} off ONNX Runtime`);
        exports++;
      } else {
        const kind = kindOf(outcome.reason);
        skipped.set(kind, (skipped.get(kind) ?? 0) + 1);
      }
    }
  }
  console.log(
    `${passed} passed, largest relative error ${worst.toExponential(1)}. ` +
      `${exports} of them exported from PyTorch, and as ONNX Runtime has it. Skipped:`,
  );
  for (const [kind, count] of [...skipped].sort((a, b) => b[1] - a[1])) {
    console.log(`${String(count).padStart(4)} ${kind}`);
  }
  assert.deepEqual(failed, []);
  assert.ok(exports >= 65, `${exports} exported from PyTorch`);
  assert.ok(passed >= LEAST, `${passed} passed, not ${LEAST}`);
});
