import { argMax, concatenation, pad, pool, reduce, reshape, resizeNearest } from "./shapes.ts";
import { slice, split, stridedSlice, transpose } from "./shapes.ts";
import type { Converter } from "./common.ts";
import { binary, clip, div, quantize, relu, unary } from "./elementwise.ts";
import { conv2d, depthwiseConv2d, fullyConnected, transposeConv } from "./linear.ts";
import { sequenceLstm, sequenceRnn } from "./recurrent.ts";
import { options } from "./schema.ts";

/** How each operator of TensorFlow Lite becomes nodes of a graph. */
export const converters: Readonly<Record<string, Converter>> = {
  ABS: unary("abs"),
  ADD: binary("add", options.add),
  ARG_MAX: argMax,
  AVERAGE_POOL_2D: pool,
  CONCATENATION: concatenation,
  CONV_2D: conv2d,
  DEPTHWISE_CONV_2D: depthwiseConv2d,
  DEQUANTIZE: quantize,
  DIV: div,
  ELU: unary("elu", () => ({ alpha: 1 })),
  EXP: unary("exp"),
  EXPAND_DIMS: reshape,
  FULLY_CONNECTED: fullyConnected,
  GELU: unary("gelu", (operator) => ({
    approximate: operator.options(options.gelu.union).bool(options.gelu.approximate),
  })),
  HARD_SWISH: unary("hard_swish"),
  LEAKY_RELU: unary("leaky_relu", (operator) => ({
    alpha: operator.options(options.leakyRelu.union).float32(options.leakyRelu.alpha),
  })),
  LOG: unary("log"),
  LOGISTIC: unary("sigmoid"),
  LOG_SOFTMAX: unary("log_softmax"),
  MAXIMUM: binary("max"),
  MAX_POOL_2D: pool,
  MEAN: reduce,
  MINIMUM: binary("min"),
  MUL: binary("mul", options.mul),
  NEG: unary("neg"),
  PAD: pad,
  PADV2: pad,
  PRELU: binary("prelu"),
  QUANTIZE: quantize,
  RELU: relu,
  RELU6: clip(0, 6),
  RELU_N1_TO_1: clip(-1, 1),
  RESHAPE: reshape,
  RESIZE_NEAREST_NEIGHBOR: resizeNearest,
  RSQRT: unary("rsqrt"),
  SLICE: slice,
  SOFTMAX: unary("softmax", (operator) => ({
    beta: operator.options(options.softmax.union).float32(options.softmax.beta),
  })),
  SPLIT: split,
  SPLIT_V: split,
  SQRT: unary("sqrt"),
  SQUARE: unary("square"),
  SQUEEZE: reshape,
  STRIDED_SLICE: stridedSlice,
  SUB: binary("sub", options.sub),
  SUM: reduce,
  TANH: unary("tanh"),
  TRANSPOSE: transpose,
  TRANSPOSE_CONV: transposeConv,
  UNIDIRECTIONAL_SEQUENCE_LSTM: sequenceLstm,
  UNIDIRECTIONAL_SEQUENCE_RNN: sequenceRnn,
};
