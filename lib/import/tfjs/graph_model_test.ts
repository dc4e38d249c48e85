import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { importTfjs } from "../tfjs.ts";
import {
  float,
  floats,
  graphJson,
  int,
  ints,
  type Parts,
  text,
  values,
  Weight,
  wholes,
} from "./graph_for_tests.ts";
import { compare, type Json, modelOf, refuses } from "./testing.ts";

/** The graph gives what tfjs gives when it executes it. */
function agree(what: string, inputShape: number[], parts: Parts): void {
  Deno.test(`tfjs graph: ${what}`, async () => {
    const { json, bytes } = graphJson(inputShape, parts);
    const { modelTopology, weightsManifest: [group] } = structuredClone(json) as Json;
    const model = await tf.loadGraphModel(tf.io.fromMemory({
      modelTopology,
      weightSpecs: group.weights,
      weightData: bytes.slice().buffer,
      format: "graph-model",
    }));
    compare(
      modelOf(json, bytes),
      (x) => model.execute({ x }, Object.keys(parts).at(-1)!) as tf.Tensor,
    );
  });
}

const strides = (s: number) => wholes(1, s, s, 1);
const window = (padding: string, s = 1, d = 1) => ({
  padding: text(padding),
  strides: strides(s),
  dilations: strides(d),
  data_format: text("NHWC"),
});
const fused = (...ops: string[]) => ({
  fused_ops: { list: { s: ops.map((op) => btoa(op)) } },
  num_args: { i: "1" },
  epsilon: { f: 0.001 },
  leakyrelu_alpha: { f: 0.3 },
});

for (const padding of ["SAME", "VALID"]) {
  agree(`Conv2D and BiasAdd, ${padding}`, [7, 6, 2], {
    w: floats(3, 2, 2, 4),
    c: { op: "Conv2D", input: ["x", "w"], attr: window(padding, 2) },
    b: floats(4),
    y: { op: "BiasAdd", input: ["c", "b"], attr: { data_format: text("NHWC") } },
  });
  agree(`Conv2DBackpropInput, ${padding}`, [4, 5, 3], {
    size: ints(1, padding === "SAME" ? 8 : 9, padding === "SAME" ? 10 : 11, 2),
    w: floats(3, 3, 2, 3),
    y: { op: "Conv2DBackpropInput", input: ["size", "w", "x"], attr: window(padding, 2) },
  });
  for (const op of ["MaxPool", "AvgPool"]) {
    agree(`${op}, ${padding}`, [7, 6, 2], {
      y: { op, input: ["x"], attr: { ...window(padding, 2), ksize: wholes(1, 3, 2, 1) } },
    });
  }
}
agree("Conv2D, explicit padding and dilation", [7, 6, 2], {
  w: floats(3, 2, 2, 4),
  y: {
    op: "Conv2D",
    input: ["x", "w"],
    attr: { ...window("EXPLICIT", 1, 2), explicit_paddings: wholes(0, 0, 2, 1, 0, 3, 0, 0) },
  },
});
for (const activation of ["Relu", "Relu6", "Elu", "LeakyRelu", "Sigmoid"]) {
  agree(`_FusedConv2D with ${activation}`, [6, 6, 2], {
    w: floats(3, 3, 2, 4),
    b: floats(4),
    y: {
      op: "_FusedConv2D",
      input: ["x", "w", "b"],
      attr: { ...window("SAME"), ...fused("BiasAdd", activation) },
    },
  });
}
agree("_FusedConv2D with Prelu", [6, 6, 2], {
  w: floats(3, 3, 2, 4),
  b: floats(4),
  a: floats(4),
  y: {
    op: "_FusedConv2D",
    input: ["x", "w", "b", "a"],
    attr: { ...window("SAME"), ...fused("BiasAdd", "Prelu"), num_args: { i: "2" } },
  },
});
agree("FusedDepthwiseConv2dNative after DepthwiseConv2dNative", [6, 5, 3], {
  v: floats(3, 3, 3, 1),
  d: { op: "DepthwiseConv2dNative", input: ["x", "v"], attr: window("SAME", 2) },
  w: floats(2, 2, 3, 2),
  b: floats(6),
  y: {
    op: "FusedDepthwiseConv2dNative",
    input: ["d", "w", "b"],
    attr: { ...window("VALID"), ...fused("BiasAdd", "Relu6") },
  },
});
agree("MatMul, _FusedMatMul, and a Reshape by arithmetic on shapes", [2, 3, 2], {
  shape: { op: "Shape", input: ["x"], attr: { out_type: { type: "DT_INT32" } } },
  from: ints(0),
  to: ints(1),
  step: ints(1),
  batch: {
    op: "StridedSlice",
    input: ["shape", "from", "to", "step"],
    attr: { shrink_axis_mask: { i: "1" } },
  },
  rest: int(-1),
  target: { op: "Pack", input: ["batch", "rest"], attr: { axis: { i: "0" } } },
  flat: { op: "Reshape", input: ["x", "target"] },
  v: floats(7, 12),
  m: { op: "MatMul", input: ["flat", "v"], attr: { transpose_b: { b: true } } },
  w: floats(7, 4),
  b: floats(4),
  y: { op: "_FusedMatMul", input: ["m", "w", "b"], attr: fused("BiasAdd", "Relu") },
});
agree("a dense layer over steps, as TensorFlow takes it apart", [4, 3], {
  rows: ints(-1, 3),
  flat: { op: "Reshape", input: ["x", "rows"] },
  w: floats(3, 5),
  m: { op: "MatMul", input: ["flat", "w"] },
  back: ints(1, 4, 5),
  r: { op: "Reshape", input: ["m", "back"] },
  b: floats(5),
  y: { op: "BiasAdd", input: ["r", "b"] },
});
agree("FusedBatchNormV3, alone and after a convolution", [4, 4, 3], {
  w: floats(1, 1, 3, 3),
  c: { op: "Conv2D", input: ["x", "w"], attr: window("SAME") },
  g: floats(3),
  b: values(0.5, -1, 2),
  m: values(0.1, -0.2, 0.3),
  v: values(0.5, 1.5, 2.5),
  n: {
    op: "FusedBatchNormV3",
    input: ["c", "g", "b", "m", "v"],
    attr: { epsilon: { f: 0.01 }, is_training: { b: false } },
  },
  r: { op: "Relu", input: ["n"] },
  y: {
    op: "FusedBatchNormV3",
    input: ["r", "g", "b", "m", "v"],
    attr: { epsilon: { f: 0.01 }, is_training: { b: false } },
  },
});
agree("batch normalization taken apart", [4, 4, 3], {
  v: values(0.5, 1.5, 2.5),
  e: new Weight([], [0.001]),
  sum: { op: "AddV2", input: ["v", "e"] },
  r: { op: "Rsqrt", input: ["sum"] },
  m: { op: "Mul", input: ["x", "r"] },
  b: floats(3),
  y: { op: "AddV2", input: ["m", "b"] },
});
for (
  const op of ["Relu", "Relu6", "Elu", "Selu", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Exp"]
    .concat(
      "Square",
      "Abs",
      "Neg",
    )
) {
  agree(op, [9], { y: { op, input: ["x"] } });
}
for (const op of ["Log", "Sqrt", "Rsqrt"]) {
  agree(op, [9], {
    s: { op: "Square", input: ["x"] },
    c: new Weight([], [0.5]),
    p: { op: "AddV2", input: ["s", "c"] },
    y: { op, input: ["p"] },
  });
}
agree("LeakyRelu", [9], { y: { op: "LeakyRelu", input: ["x"], attr: { alpha: { f: 0.4 } } } });
agree("Prelu", [3, 2], { a: floats(2), y: { op: "Prelu", input: ["x", "a"] } });
agree("ClipByValue", [9], {
  l: new Weight([], [-0.5]),
  h: new Weight([], [1.25]),
  y: { op: "ClipByValue", input: ["x", "l", "h"] },
});
for (const op of ["AddV2", "Sub", "Mul", "Maximum", "Minimum"]) {
  agree(`${op} of two tensors, a constant after and before`, [3, 4], {
    e: { op: "Neg", input: ["x"] },
    a: { op, input: ["x", "e"] },
    c: floats(4),
    b: { op, input: ["a", "c"] },
    d: floats(1, 3, 1),
    y: { op, input: ["d", "b"] },
  });
}
agree("RealDiv by a constant", [3, 4], {
  c: values(2, -4, 0.5, 3),
  y: { op: "RealDiv", input: ["x", "c"] },
});
for (const keep of [true, false]) {
  for (const op of ["Mean", "Sum"]) {
    agree(`${op} over pixels${keep ? ", kept" : ""}`, [4, 5, 3], {
      axes: ints(1, 2),
      y: { op, input: ["x", "axes"], attr: { keep_dims: { b: keep } } },
    });
    agree(`${op} over channels${keep ? ", kept" : ""}`, [4, 3], {
      axes: int(-1),
      y: { op, input: ["x", "axes"], attr: { keep_dims: { b: keep } } },
    });
  }
}
agree("ConcatV2 of parts that Split and SplitV made", [4, 6], {
  axis: int(-1),
  s: { op: "Split", input: ["axis", "x"], attr: { num_split: { i: "3" } } },
  sizes: ints(1, 3),
  rows: int(1),
  v: { op: "SplitV", input: ["s:1", "sizes", "rows"], attr: { num_split: { i: "2" } } },
  a: { op: "ConcatV2", input: ["v:1", "v:0", "rows"], attr: { N: { i: "2" } } },
  y: { op: "ConcatV2", input: ["s:2", "a", "s", "axis"], attr: { N: { i: "3" } } },
});
agree("Slice", [5, 6, 3], {
  begin: ints(0, 1, 0, 0),
  size: ints(-1, 4, 6, 2),
  y: { op: "Slice", input: ["x", "begin", "size"] },
});
for (
  const [what, begin, end, step, shrink] of [
    ["in steps", [0, 1, -5, 0], [0, 4, 6, 2], [1, 2, 2, 1], 0],
    ["backwards", [0, 3, 4, 0], [0, 0, 1, 2], [1, -1, -2, 1], 0],
    ["of one row and one channel", [0, 2, 1, -1], [0, 3, 6, 0], [1, 1, 1, 1], 10],
  ] as const
) {
  agree(`StridedSlice ${what}`, [5, 6, 3], {
    b: ints(...begin),
    e: ints(...end),
    t: ints(...step),
    y: {
      op: "StridedSlice",
      input: ["x", "b", "e", "t"],
      attr: {
        begin_mask: { i: "1" },
        end_mask: { i: "1" },
        shrink_axis_mask: { i: `${shrink}` },
      },
    },
  });
}
agree("Pad, PadV2, Transpose and ResizeNearestNeighbor", [3, 4, 2], {
  p: new Weight([4, 2], Int32Array.of(0, 0, 1, 0, 2, 1, 0, 0)),
  a: { op: "Pad", input: ["x", "p"] },
  value: new Weight([], [0.25]),
  b: { op: "PadV2", input: ["a", "p", "value"] },
  order: ints(0, 2, 1, 3),
  t: { op: "Transpose", input: ["b", "order"] },
  size: ints(20, 7),
  y: { op: "ResizeNearestNeighbor", input: ["t", "size"] },
});
agree("Squeeze, ExpandDims, Identity, Cast", [1, 4, 1], {
  i: { op: "Identity", input: ["x"] },
  s: { op: "Squeeze", input: ["i"], attr: { squeeze_dims: wholes(1, 3) } },
  axis: int(1),
  e: { op: "ExpandDims", input: ["s", "axis"] },
  c: { op: "Cast", input: ["e"], attr: { SrcT: float, DstT: float } },
  y: { op: "Relu", input: ["c"] },
});
agree("ArgMax", [3, 5], { axis: int(-1), y: { op: "ArgMax", input: ["x", "axis"] } });

Deno.test("a bias becomes part of the product before it, unless others read that", () => {
  const parts = {
    w: floats(4, 3),
    m: { op: "MatMul", input: ["x", "w"] },
    b: floats(3),
    a: { op: "AddV2", input: ["b", "m"] },
    y: { op: "Relu", input: ["a"] },
  };
  const merged = graphJson([4], parts);
  const { nodes } = importTfjs(modelOf(merged.json, merged.bytes));
  assert.deepEqual(nodes.map(({ op, activation }) => [op, activation]), [["dense", "relu"]]);
  const shared = graphJson([4], { ...parts, y: { op: "AddV2", input: ["a", "m"] } });
  const graph = importTfjs(modelOf(shared.json, shared.bytes));
  assert.deepEqual(graph.nodes.map(({ op }) => op), ["dense", "add", "add"]);
});

Deno.test("what a graph has that cannot be deployed is told at once, damage by name", async () => {
  const given = (parts: Parts, change = (_: Json) => {}) => {
    const { json, bytes } = graphJson([4], parts);
    change(json);
    return modelOf(json, bytes);
  };
  await refuses(
    given({
      a: { op: "Erf", input: ["x"] },
      b: { op: "Relu", input: ["a"] },
      c: { op: "While", input: ["b", "x"] },
      y: { op: "Relu", input: ["c"] },
    }),
    /2 layers of .*\n- Node a is a Erf, which .*\n- Node c is a While, which/,
  );
  const w = floats(4, 3);
  const m = { op: "MatMul", input: ["x", "w"] };
  const refused = (parts: Parts, message: RegExp, change?: (json: Json) => void) =>
    refuses(given(parts, change), message);
  await refused({ w, m: { op: "MatMul", input: ["m", "w"] } }, /Node m .* depends on it/);
  await refused({ w, m: { op: "MatMul", input: ["z", "w"] } }, /no node z/);
  await refused(
    { w, m: { op: "MatMul", input: ["x", "x"] } },
    /reads x as input 1, which must be constant/,
  );
  await refused({ w, m: { op: "MatMul", input: ["x"] } }, /Node m \(MatMul\) has 1 inputs/);
  await refused({ w: floats(3, 4), m }, /weights of 3×4; its input of 4/);
  await refused({ w, m: { op: "MatMul", input: ["x:3", "w"] } }, /reads output 3 of x/);
  await refused({ w, m }, /2 outputs \(m:0, x\); intnic deploys one/, (json) => {
    json.signature.outputs.z = { name: "x" };
  });
  await refused({ w, m }, /input x is a DT_FLOAT of \?×\?/, (json) => {
    json.modelTopology.node[0].attr.shape.shape.dim[1].size = "-1";
  });
  await refused({ w, m }, /input x is a DT_STRING/, (json) => {
    json.modelTopology.node[0].attr.dtype.type = "DT_STRING";
  });
  await refused({ w, m }, /Node w \(Const\) has no value/, (json) => {
    json.weightsManifest[0].weights[0].name = "v";
  });
  await refused(
    { w, m, y: { op: "Transpose", input: ["m", "o"] }, o: ints(1, 0) },
    /moves the batch/,
    (json) => {
      json.signature.outputs.y.name = "y";
    },
  );
});
