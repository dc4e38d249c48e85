import { nearest, UserError } from "../errors.ts";
import { abs } from "./abs.ts";
import { add } from "./add.ts";
import { argmax } from "./argmax.ts";
import { averagePool } from "./average_pool.ts";
import { batchNorm } from "./batch_norm.ts";
import { clip } from "./clip.ts";
import { concat } from "./concat.ts";
import { conv2d } from "./conv2d.ts";
import { conv2dTranspose } from "./conv2d_transpose.ts";
import { dense } from "./dense.ts";
import { depthwiseConv2d } from "./depthwise_conv2d.ts";
import { elu } from "./elu.ts";
import { exp } from "./exp.ts";
import { gelu } from "./gelu.ts";
import { gru } from "./gru.ts";
import { hardSigmoid } from "./hard_sigmoid.ts";
import { hardSwish } from "./hard_swish.ts";
import { leakyRelu } from "./leaky_relu.ts";
import { log } from "./log.ts";
import { logSoftmax } from "./log_softmax.ts";
import { lstm } from "./lstm.ts";
import { max } from "./max.ts";
import { maxPool } from "./max_pool.ts";
import { mean } from "./mean.ts";
import { min } from "./min.ts";
import { mul } from "./mul.ts";
import { neg } from "./neg.ts";
import type { Op } from "./op.ts";
import { pad } from "./pad.ts";
import { prelu } from "./prelu.ts";
import { quantize } from "./quantize.ts";
import { relu } from "./relu.ts";
import { reshape } from "./reshape.ts";
import { resizeNearest } from "./resize_nearest.ts";
import { rnn } from "./rnn.ts";
import { rsqrt } from "./rsqrt.ts";
import { sigmoid } from "./sigmoid.ts";
import { silu } from "./silu.ts";
import { slice } from "./slice.ts";
import { softmax } from "./softmax.ts";
import { sqrt } from "./sqrt.ts";
import { square } from "./square.ts";
import { sub } from "./sub.ts";
import { sum } from "./sum.ts";
import { tanh } from "./tanh.ts";
import { transpose } from "./transpose.ts";

// Each op reads its own attributes; the table forgets which, as the nodes do.
const table: Readonly<Record<string, Op>> = {
  abs: abs as Op,
  add,
  argmax: argmax as Op,
  average_pool: averagePool as Op,
  batch_norm: batchNorm as Op,
  clip: clip as Op,
  concat: concat as Op,
  conv2d: conv2d as Op,
  conv2d_transpose: conv2dTranspose as Op,
  dense: dense as Op,
  depthwise_conv2d: depthwiseConv2d as Op,
  elu: elu as Op,
  exp: exp as Op,
  gelu: gelu as Op,
  gru: gru as Op,
  hard_sigmoid: hardSigmoid as Op,
  hard_swish: hardSwish as Op,
  leaky_relu: leakyRelu as Op,
  log: log as Op,
  log_softmax: logSoftmax,
  lstm: lstm as Op,
  max,
  max_pool: maxPool as Op,
  mean: mean as Op,
  min,
  mul,
  neg: neg as Op,
  pad: pad as Op,
  prelu,
  quantize: quantize as Op,
  relu,
  reshape: reshape as Op,
  resize_nearest: resizeNearest as Op,
  rnn: rnn as Op,
  rsqrt: rsqrt as Op,
  sigmoid: sigmoid as Op,
  silu: silu as Op,
  slice: slice as Op,
  softmax: softmax as Op,
  sqrt: sqrt as Op,
  square: square as Op,
  sub,
  sum: sum as Op,
  tanh: tanh as Op,
  transpose: transpose as Op,
};

/**
 * The op of that name.
 * @throws {UserError} if there is none
 */
export function opOf(name: string): Op {
  const op = Object.hasOwn(table, name) ? table[name] : undefined;
  if (op === undefined) {
    const near = nearest(name, Object.keys(table));
    throw new UserError(
      `There is no operation "${name}"; intnic has ${Object.keys(table).join(", ")}` +
        `${near === undefined ? "" : ` (did you mean "${near}"?)`}.`,
    );
  }
  return op;
}
