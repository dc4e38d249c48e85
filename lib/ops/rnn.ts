import { applyRows } from "../quantize/rows.ts";
import { type Recurrent, recurrent } from "./recurrent.ts";

/** Simple recurrence (J. Elman, 1990): h = tanh(W x + R h). */
export const rnn = recurrent<Recurrent>({
  gates: 1,
  cellBytes: 0,
  keepsBias: () => false,
  sums: () => 1,
  kernel: () => ({ name: "intnic_rnn", files: ["rnn"], scratch: 0 }),

  floatStep: () => ({ hidden }, fromInput, row, { activate }) => {
    hidden.set(fromInput.map((sum, u) => activate(sum + row(u, hidden))));
  },

  integerStep: ({ hidden: n }) => ({ hidden }, sums, rows, { activate }) => {
    applyRows(rows, { first: 0, end: n, x: hidden, at: 0, to: sums, offset: 0, add: true });
    for (let u = 0; u < n; u++) hidden[u] = activate(sums[u]!);
  },
});
