import assert from "node:assert/strict";
import { UserError } from "../errors.ts";
import { loadTarget } from "../targets.ts";
import { withMemory } from "./board.ts";

Deno.test("another size of RAM leaves of its regions what is still inside it", async () => {
  const target = await loadTarget("stm32f407");
  const regions = (ram: string) => withMemory(target, { ram }).memory!.ram.regions;
  const origin = 0x2001c000;
  assert.deepEqual(regions("128K"), [{ origin, size: 16384, loadCycles: 1 }]);
  assert.deepEqual(regions("192K"), [{ origin, size: 16384, loadCycles: 1 }]);
  assert.deepEqual(regions("120K"), [{ origin, size: 8192, loadCycles: 1 }]);
  assert.deepEqual(regions("0x2001d000:4K"), [{ origin: 0x2001d000, size: 4096, loadCycles: 1 }]);
  assert.deepEqual(withMemory(target, { ram: "112K" }).memory!.ram, {
    origin: 0x20000000,
    size: 112 << 10,
  });
  assert.equal(regions("0x10000000:64K"), undefined);
});

Deno.test("another size of flash leaves the RAM as it is", async () => {
  const target = await loadTarget("stm32f407");
  assert.deepEqual(withMemory(target, { flash: "2M" }).memory!.ram, target.memory!.ram);
  assert.throws(() => withMemory(target, { ram: "0x08000000:64K" }), UserError);
});
