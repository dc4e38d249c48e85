import * as tf from "@tensorflow/tfjs";
import assert from "node:assert/strict";
import { importTfjs } from "../tfjs.ts";
import { agrees, compare, init, refuses, saved } from "./testing.ts";

type Layer = tf.layers.Layer;

/** The layers behind an input of that shape give what tfjs gives. */
function agree(what: string, inputShape: number[], ...layers: (() => Layer)[]): void {
  Deno.test(`tfjs: ${what}`, async () => {
    const all = [tf.layers.inputLayer({ inputShape }), ...layers.map((make) => make())];
    await agrees(tf.sequential({ layers: all }));
  });
}

/** Seeded values, none of them usual. */
const spread = (minval: number, maxval: number) =>
  tf.initializers.randomUniform({ minval, maxval, seed: 9 });
const plane = () => ({
  depthwiseInitializer: tf.initializers.glorotUniform({ seed: 7 }),
  pointwiseInitializer: tf.initializers.glorotUniform({ seed: 8 }),
  biasInitializer: spread(-1, 1),
});
const normalization = (options = {}) =>
  tf.layers.batchNormalization({
    betaInitializer: spread(-1, 1),
    gammaInitializer: spread(0.5, 2),
    movingMeanInitializer: spread(-1, 1),
    movingVarianceInitializer: spread(0.2, 3),
    ...options,
  });

for (
  const activation of [
    ...["relu", "relu6", "elu", "selu", "sigmoid", "tanh", "softmax", "hardSigmoid"],
    ...["swish", "gelu", "gelu_new"],
  ]
) {
  const kind = activation as "relu";
  agree(
    `dense with ${activation}`,
    [7],
    () => tf.layers.dense({ ...init(), units: 5, activation: kind }),
  );
  agree(
    `activation ${activation} over steps`,
    [4, 3],
    () => tf.layers.activation({ activation: kind }),
  );
}

agree("dense over steps", [4, 3], () => tf.layers.dense({ ...init(), units: 5 }));
for (const padding of ["valid", "same"] as const) {
  for (const [strides, dilationRate] of [[1, 1], [2, 1], [1, 2]] as const) {
    const options = { ...init(), filters: 4, kernelSize: 3, padding, dilationRate, strides };
    agree(
      `conv1d ${padding}, stride ${strides}, dilation ${dilationRate}`,
      [9, 2],
      () => tf.layers.conv1d(options),
    );
  }
}
for (const padding of ["valid", "same"] as const) {
  agree(`depthwise conv2d ${padding}`, [9, 8, 3], () =>
    tf.layers.depthwiseConv2d({
      ...plane(),
      kernelSize: [3, 2],
      strides: 2,
      depthMultiplier: 2,
      padding,
      activation: "relu",
    }));
  agree(
    `separable conv2d ${padding}`,
    [9, 8, 3],
    () => tf.layers.separableConv2d({ ...plane(), filters: 4, kernelSize: 3, strides: 1, padding }),
  );
  for (const [kernelSize, strides] of [[3, 2], [2, 2], [4, 3], [1, 2], [3, 1]] as const) {
    agree(
      `conv2d transpose ${padding}, kernel ${kernelSize}, stride ${strides}`,
      [4, 5, 3],
      () => tf.layers.conv2dTranspose({ ...init(), filters: 2, kernelSize, strides, padding }),
    );
  }
  agree(
    `max pool 1d ${padding}`,
    [7, 3],
    () => tf.layers.maxPooling1d({ poolSize: 3, strides: 2, padding }),
  );
  agree(
    `average pool 1d ${padding}`,
    [7, 3],
    () => tf.layers.averagePooling1d({ poolSize: 3, strides: 2, padding }),
  );
  agree(
    `average pool 2d ${padding}`,
    [7, 6, 3],
    () => tf.layers.averagePooling2d({ poolSize: [3, 2], strides: [2, 2], padding }),
  );
}
agree("global average pool 1d", [6, 3], () => tf.layers.globalAveragePooling1d({}));
agree("global average pool 2d", [6, 5, 3], () => tf.layers.globalAveragePooling2d({}));
agree("global max pool 1d", [6, 3], () => tf.layers.globalMaxPooling1d({}));
agree("global max pool 2d", [6, 5, 3], () => tf.layers.globalMaxPooling2d({}));
agree(
  "batch normalization after conv and dense",
  [6, 5, 3],
  () => tf.layers.conv2d({ ...init(), filters: 4, kernelSize: 3 }),
  () => normalization(),
  () => tf.layers.reLU(),
  () => tf.layers.flatten(),
  () => tf.layers.dense({ ...init(), units: 3 }),
  () => normalization({ scale: false, center: false, epsilon: 0.1 }),
);
agree("batch normalization alone", [4, 3, 2], () => normalization());
agree("relu to 6", [9], () => tf.layers.reLU({ maxValue: 6 }));
agree("relu to 2", [9], () => tf.layers.reLU({ maxValue: 2 }));
agree("leaky relu", [9], () => tf.layers.leakyReLU({ alpha: 0.17 }));
agree("elu", [9], () => tf.layers.elu());
agree("softmax over steps", [3, 4], () => tf.layers.softmax({ axis: -1 }));
agree("prelu", [3, 4], () => tf.layers.prelu({ alphaInitializer: spread(-0.5, 0.5) }));
agree(
  "prelu with shared axes",
  [3, 4, 2],
  () => tf.layers.prelu({ alphaInitializer: spread(-0.5, 0.5), sharedAxes: [1, 2] }),
);
agree("zero padding 2d", [3, 4, 2], () => tf.layers.zeroPadding2d({ padding: [[1, 0], [2, 3]] }));
agree("cropping 2d", [5, 6, 2], () => tf.layers.cropping2D({ cropping: [[1, 0], [2, 1]] }));
agree("up-sampling 2d", [3, 4, 2], () => tf.layers.upSampling2d({ size: [2, 3] }));
agree("permute", [3, 4, 2], () => tf.layers.permute({ dims: [3, 1, 2] }));
agree("repeat vector", [3], () => tf.layers.repeatVector({ n: 4 }));
agree("rescaling", [3], () => tf.layers.rescaling({ scale: 0.5, offset: -2 }));
agree(
  "noise and dropout do nothing",
  [3, 2],
  () => tf.layers.gaussianNoise({ stddev: 1 }),
  () => tf.layers.spatialDropout1d({ rate: 0.5 } as never),
  () => tf.layers.dense({ ...init(), units: 2 }),
);
agree(
  "layers over each step",
  [4, 3, 2],
  () => tf.layers.timeDistributed({ layer: tf.layers.flatten() }),
  () => tf.layers.timeDistributed({ layer: tf.layers.dense({ ...init(), units: 5 }) }),
  () => tf.layers.timeDistributed({ layer: tf.layers.activation({ activation: "relu" }) }),
);

// tfjs itself refuses the padding "causal", which Keras has: as many zeros before as keep the length.
Deno.test("tfjs: causal conv1d", async () => {
  const make = (steps: number, dilationRate: number) =>
    tf.sequential({
      layers: [
        tf.layers.conv1d({
          ...init(),
          inputShape: [steps, 2],
          filters: 4,
          kernelSize: 3,
          dilationRate,
        }),
      ],
    });
  for (const dilation of [1, 2]) {
    const given = await saved(make(9, dilation), (json) => {
      json.modelTopology.config.layers[0].config.padding = "causal";
    });
    const longer = make(9 + 2 * dilation, dilation);
    const left = 2 * dilation;
    compare(given, (x) => longer.predict(tf.pad(x, [[0, 0], [left, 0], [0, 0]])) as tf.Tensor);
  }
});

Deno.test("tfjs: branches meet in every kind of merge", async () => {
  const input = tf.input({ shape: [4, 5, 3] });
  const branch = () =>
    tf.layers.conv2d({ ...init(), filters: 3, kernelSize: 1 }).apply(input) as tf.SymbolicTensor;
  const merges = [
    () => tf.layers.add(),
    () => tf.layers.multiply(),
    () => tf.layers.minimum(),
    () => tf.layers.maximum(),
    () => tf.layers.average(),
    () => tf.layers.concatenate(),
    () => tf.layers.concatenate({ axis: 1 }),
  ];
  const merged = merges.map((make) =>
    tf.layers.globalAveragePooling2d({}).apply(make().apply([branch(), branch(), branch()]))
  );
  const outputs = tf.layers.concatenate().apply(merged as tf.SymbolicTensor[]);
  await agrees(tf.model({ inputs: input, outputs: outputs as tf.SymbolicTensor }));
});

Deno.test("tfjs: models within models", async () => {
  const inner = tf.sequential({
    name: "inner",
    layers: [
      tf.layers.dense({ ...init(), name: "d", units: 5, inputShape: [6] }),
      tf.layers.dense({ ...init(), name: "e", units: 4, activation: "relu" }),
    ],
  });
  const a = tf.input({ shape: [4], name: "a" });
  const b = tf.layers.dense({ ...init(), name: "b", units: 4, activation: "relu" }).apply(a);
  const functional = tf.model({ inputs: a, outputs: b as tf.SymbolicTensor, name: "functional" });
  await agrees(
    tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [6] }), inner, functional] }),
  );
});

Deno.test("weights that the converter stored in fewer bits are expanded", async () => {
  const model = tf.sequential({
    layers: [tf.layers.dense({ ...init(), name: "d", units: 3, inputShape: [4] })],
  });
  const plain = await saved(model);
  const { nodes: [node] } = importTfjs(plain);
  const check = async (dtype: string, codes: Uint8Array, rest: object, expected: number[]) => {
    const small = await saved(model, (json) => {
      json.weightsManifest[0].weights[0].quantization = { dtype, ...rest };
    });
    const biases = plain.files.get("weights.bin")!.slice(48);
    const bytes = new Uint8Array([...codes, ...biases]);
    const files = new Map([...small.files, ["weights.bin", bytes]]);
    const graph = importTfjs({ ...small, files });
    // [inputs, outputs] → [outputs, inputs]
    const kernel = expected.map((_, i) => expected[i % 4 * 3 + Math.floor(i / 4)]!);
    assert.deepEqual([...graph.nodes[0]!.weights!.data], kernel.map(Math.fround));
    assert.deepEqual(graph.nodes[0]!.bias, node!.bias);
  };
  const list = Array.from({ length: 12 }, (_, i) => i * 21);
  const affine = { scale: 0.01, min: -1 };
  const values = list.map((code) => code * 0.01 - 1);
  await check("uint8", Uint8Array.from(list), affine, values);
  await check("uint16", new Uint8Array(Uint16Array.from(list).buffer), affine, values);
  const halves = [0x3c00, 0xc000, 0x3555, 0x0001, 0x8001, 0x7bff, 0x03ff, 0x0400, 0, 1, 2, 3];
  const half = [1, -2, 0.333251953125, 2 ** -24, -(2 ** -24), 65504, 1023 * 2 ** -24, 2 ** -14];
  await check("float16", new Uint8Array(Uint16Array.from(halves).buffer), {}, [
    ...half,
    ...[0, 1, 2, 3].map((n) => n * 2 ** -24),
  ]);
  await refuses(
    saved(model, (json) => {
      json.weightsManifest[0].weights[0].quantization = { dtype: "uint8", scale: null, min: 0 };
    }),
    /the quantization .* it needs a dtype of uint8/,
  );
});
