import { applyRows } from "../quantize/rows.ts";
import { mulHigh } from "../quantize/requant.ts";
import { type Functions, product, type Recurrent, recurrent } from "./recurrent.ts";

/** What a gated recurrent unit needs to know. */
export interface Gru extends Recurrent {
  /**
   * Where the reset gate applies: true for what the state gives (`reset_after` of Keras,
   * `linear_before_reset` of ONNX, PyTorch), false for the state itself.
   */
  readonly resetAfter: boolean;
}

/**
 * Gated recurrent unit (K. Cho et al., 2014). The rows of weights are the gates z, r, n, one after the
 * other:
 *
 *     h = n + z·(h − n),  n = tanh(W x + R (r·h))  or, with resetAfter,  tanh(W x + r·(R h))
 */
export const gru = recurrent<Gru>({
  gates: 3,
  cellBytes: 0,
  keepsBias: ({ resetAfter }, gate) => resetAfter && gate === 2,
  sums: ({ resetAfter }) => resetAfter ? 4 : 3,

  kernel: ({ resetAfter }) =>
    resetAfter
      ? { name: "intnic_gru_after", files: ["gru_blend", "gru_after"], scratch: 0 }
      : { name: "intnic_gru_before", files: ["gru_blend", "gru_before"], scratch: 1 },

  floatStep: ({ hidden: n, resetAfter }) => ({ hidden }, fromInput, row, { activate, gate }) => {
    const z = hidden.map((_, u) => gate(fromInput[u]! + row(u, hidden)));
    const r = hidden.map((_, u) => gate(fromInput[n + u]! + row(n + u, hidden)));
    const gated = hidden.map((h, u) => r[u]! * h);
    const candidate = hidden.map((_, u) =>
      activate(
        fromInput[2 * n + u]! +
          (resetAfter ? r[u]! * row(2 * n + u, hidden) : row(2 * n + u, gated)),
      )
    );
    for (let u = 0; u < n; u++) hidden[u] = candidate[u]! + z[u]! * (hidden[u]! - candidate[u]!);
  },

  integerStep: ({ hidden: n, resetAfter }) => {
    const gated = new Int16Array(n);
    return ({ hidden }, sums, rows, functions) => {
      const common = { at: 0, to: sums };
      applyRows(rows, { ...common, first: 0, end: 2 * n, x: hidden, offset: 0, add: true });
      const candidate = { ...common, first: 2 * n, end: 3 * n };
      const reset = (u: number) => functions.gate(sums[n + u]!);
      if (resetAfter) {
        applyRows(rows, { ...candidate, x: hidden, offset: 3 * n, add: false });
        for (let u = 0; u < n; u++) {
          sums[2 * n + u]! += mulHigh(sums[3 * n + u]! * 2, reset(u) * 65536);
        }
      } else {
        for (let u = 0; u < n; u++) gated[u] = product(reset(u), hidden[u]!);
        applyRows(rows, { ...candidate, x: gated, offset: 2 * n, add: true });
      }
      blend(sums, hidden, functions);
    };
  },
});

/** h = n + z·(h − n) in Q0.15. */
function blend(
  sums: Int32Array,
  hidden: Int16Array,
  { activate, gate }: Functions,
): void {
  for (let u = 0; u < hidden.length; u++) {
    const z = gate(sums[u]!);
    const n = activate(sums[2 * hidden.length + u]!);
    hidden[u] = Math.min(32767, Math.max(-32767, n + product(z, hidden[u]! - n)));
  }
}
