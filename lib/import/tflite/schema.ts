/**
 * Numbers of the TensorFlow Lite file format: what its schema (`schema.fbs`, version 3) calls each
 * operator, element type and activation, and which field of a table holds what.
 *
 * @module
 */

/** Names of the built-in operators, by number. */
const OPERATORS =
  "ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE " +
  "EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D " +
  "LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 " +
  "RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS " +
  "SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER " +
  "BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE " +
  "UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT " +
  "LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG " +
  "PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE " +
  "EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD " +
  "REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV " +
  "REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU " +
  "SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE " +
  "RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE " +
  "NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM " +
  "BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D " +
  "IMAG REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL " +
  "CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS " +
  "RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE " +
  "RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 " +
  "UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT";

const operatorNames: readonly string[] = OPERATORS.split(" ");

/** Name of a built-in operator. */
export function operatorName(code: number): string {
  return operatorNames[code] ?? `number ${code}`;
}

/** Number of a built-in operator. */
export function operatorCode(name: string): number {
  return operatorNames.indexOf(name);
}

/** Element types, by number. */
export const tensorTypes = [
  "float32",
  "float16",
  "int32",
  "uint8",
  "int64",
  "string",
  "bool",
  "int16",
  "complex64",
  "int8",
  "float64",
  "complex128",
  "uint64",
  "resource",
  "variant",
  "uint32",
  "uint16",
  "int4",
] as const;

/** Type of a tensor's elements. */
export type TensorType = typeof tensorTypes[number];

/** Fused activations, by number. */
export const activations = [
  "none",
  "relu",
  "relu_n1_to_1",
  "relu6",
  "tanh",
  "sign_bit",
] as const;

/** Fields of the tables that every model has. */
export const fields = {
  model: { version: 0, operatorCodes: 1, subgraphs: 2, buffers: 4 },
  operatorCode: { shortCode: 0, custom: 1, code: 3 },
  subgraph: { tensors: 0, inputs: 1, outputs: 2, operators: 3 },
  tensor: { shape: 0, type: 1, buffer: 2, name: 3, quantization: 4, variable: 5, sparsity: 6 },
  quantization: { scale: 2, zeroPoint: 3, detailsType: 4, dimension: 6 },
  operator: { code: 0, inputs: 1, outputs: 2, optionsType: 3, options: 4 },
  buffer: { data: 0, offset: 1, size: 2 },
} as const;

/** Tables of operator options: their number in the union, and their fields. */
export const options = {
  conv2d: {
    union: 1,
    padding: 0,
    strideWidth: 1,
    strideHeight: 2,
    activation: 3,
    dilationWidth: 4,
    dilationHeight: 5,
  },
  depthwiseConv2d: {
    union: 2,
    padding: 0,
    strideWidth: 1,
    strideHeight: 2,
    multiplier: 3,
    activation: 4,
    dilationWidth: 5,
    dilationHeight: 6,
  },
  pool2d: {
    union: 5,
    padding: 0,
    strideWidth: 1,
    strideHeight: 2,
    kernelWidth: 3,
    kernelHeight: 4,
    activation: 5,
  },
  fullyConnected: { union: 8, activation: 0, weightsFormat: 1, keepDimensions: 2 },
  softmax: { union: 9, beta: 0 },
  concatenation: { union: 10, axis: 0, activation: 1 },
  add: { union: 11, activation: 0 },
  mul: { union: 21, activation: 0 },
  reducer: { union: 27, keepDimensions: 0 },
  sub: { union: 28, activation: 0 },
  div: { union: 29, activation: 0 },
  sequenceRnn: { union: 31, timeMajor: 0, activation: 1 },
  stridedSlice: { union: 32, begin: 0, end: 1, ellipsis: 2, newAxis: 3, shrinkAxis: 4, offset: 5 },
  transposeConv: { union: 49, padding: 0, strideWidth: 1, strideHeight: 2, activation: 3 },
  sequenceLstm: {
    union: 71,
    activation: 0,
    cellClip: 1,
    projectionClip: 2,
    timeMajor: 3,
    diagonal: 5,
  },
  resizeNearest: { union: 74, alignCorners: 0, halfPixelCenters: 1 },
  leakyRelu: { union: 75, alpha: 0 },
  gelu: { union: 116, approximate: 0 },
} as const;
