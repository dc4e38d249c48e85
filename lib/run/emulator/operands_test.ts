import assert from "node:assert/strict";
import type { Instruction } from "./decode/instruction.ts";
import { riscvDecoder } from "./decode/riscv.ts";
import { OperandRules } from "./operands.ts";

const DIV = 0x02b54533; // div a0, a0, a1

function divide(address: number): Instruction {
  const view = new DataView(new Int32Array([DIV]).buffer);
  return riscvDecoder(32)(view, 0, address);
}

Deno.test("OperandRules: equal rules share a number, others have none", () => {
  const rules = new OperandRules([{ kind: "divide", formula: "zero", cycles: [-35, "test"] }]);
  assert.equal(rules.add(divide(0x100)), 1);
  assert.equal(rules.add(divide(0x200)), 1);
  assert.equal(rules.add({ ...divide(0x300), operands: [1, 2] }), 2);
  assert.equal(rules.add({ ...divide(0x400), kind: "alu" }), 0);
  assert.deepEqual([...rules.bytes().slice(0, 8)], [1, 0, 10, 11, 221, 255, 255, 255]);
  assert.deepEqual(rules.stretches(), [[0x100, 0x100], [0x200, 0x200], [0x300, 0x300]]);
});

Deno.test("OperandRules: names choose among a kind", () => {
  const rules = new OperandRules([
    { kind: "divide", names: ["divu"], formula: "leading-zeros", cycles: [1, "test"] },
  ]);
  assert.equal(rules.add(divide(0x100)), 0);
  assert.equal(rules.add({ ...divide(0x100), name: "divu" }), 1);
});

Deno.test("OperandRules: the closest of many addresses share a stretch", () => {
  const rules = new OperandRules([{ kind: "divide", formula: "zero", cycles: [-35, "test"] }]);
  for (let n = 0; n < 200; n++) rules.add(divide(0x1000 + n * n * 4));
  const stretches = rules.stretches();
  assert.ok(stretches.length <= 32);
  assert.equal(stretches[0]![0], 0x1000);
  assert.equal(stretches.at(-1)![1], 0x1000 + 199 * 199 * 4);
  for (let n = 0; n < 200; n++) {
    const address = 0x1000 + n * n * 4;
    assert.equal(stretches.filter(([a, b]) => address >= a && address <= b).length, 1);
  }
  assert.deepEqual(new OperandRules().stretches(), []);
});
