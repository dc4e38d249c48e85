import { applyRows } from "../quantize/rows.ts";
import { mulHigh } from "../quantize/requant.ts";
import { product, type Recurrent, recurrent } from "./recurrent.ts";

/** The cell stays within this, 1024 in Q.20: far more than the steps of any sequence add up to. */
const MAX_CELL = 2 ** 30 - 1;

/**
 * Long short-term memory (S. Hochreiter, J. Schmidhuber, 1997; forget gate: F. Gers, 2000). The rows
 * of weights are the gates i, f, g, o, one after the other:
 *
 *     c = f·c + i·g,  h = o·tanh(c)
 *
 * In integers the cell is an int32 of 20 fractional bits, so that it needs no calibrated range.
 */
export const lstm = recurrent<Recurrent>({
  gates: 4,
  cellBytes: 4,
  keepsBias: () => false,
  sums: () => 4,
  kernel: () => ({ name: "intnic_lstm", files: ["lstm"], scratch: 0 }),

  floatStep: ({ hidden: n }) => ({ hidden, cell }, fromInput, row, { activate, gate }) => {
    const sums = fromInput.map((sum, o) => sum + row(o, hidden));
    for (let u = 0; u < n; u++) {
      const [i, f, o] = [gate(sums[u]!), gate(sums[n + u]!), gate(sums[3 * n + u]!)];
      cell[u] = f * cell[u]! + i * activate(sums[2 * n + u]!);
      hidden[u] = o * activate(cell[u]!);
    }
  },

  integerStep: ({ hidden: n }) => ({ hidden, cell }, sums, rows, { activate, gate }) => {
    applyRows(rows, { first: 0, end: 4 * n, x: hidden, at: 0, to: sums, offset: 0, add: true });
    for (let u = 0; u < n; u++) {
      const [i, f, o] = [gate(sums[u]!), gate(sums[n + u]!), gate(sums[3 * n + u]!)];
      const g = activate(sums[2 * n + u]!);
      const c = mulHigh(cell[u]! * 2, f * 65536) + ((i * g) >> 10);
      cell[u] = Math.min(MAX_CELL, Math.max(-MAX_CELL, c));
      hidden[u] = product(o, activate((cell[u]! + 128) >> 8));
    }
  },
});
