import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

Deno.test("the examples in the documentation run", async () => {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "--doc", "--allow-all", "docs/device.md", "lib/run/device.ts"],
    cwd: root,
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, text);
  assert.match(text, /ok \| 2 passed/);
});
