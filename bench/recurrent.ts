/**
 * Trains the small recurrent networks of `tests/fixtures/`, an LSTM and a GRU that hold a sample until
 * the next is marked, and writes them there. Run it again only to change them:
 *
 *     deno run --allow-all bench/recurrent.ts
 */
import * as tf from "@tensorflow/tfjs";
import { HIDDEN, holdSequence, STEPS } from "../tests/hold_task.ts";
import { seededRandom } from "../tests/random_graph.ts";

const ITERATIONS = 260;
const BATCH = 32;

await tf.setBackend("cpu");
for (const op of ["lstm", "gru"] as const) {
  const random = seededRandom(op === "lstm" ? 11 : 12);
  const common = { units: HIDDEN, returnSequences: true, inputShape: [STEPS, 2] };
  const recurrent = op === "lstm"
    ? tf.layers.lstm({
      ...common,
      recurrentActivation: "sigmoid",
      kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
      recurrentInitializer: tf.initializers.orthogonal({ seed: 2, gain: 1 }),
    })
    : tf.layers.gru({
      ...common,
      recurrentActivation: "sigmoid",
      kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
      recurrentInitializer: tf.initializers.orthogonal({ seed: 2, gain: 1 }),
    });
  const head = tf.layers.dense({
    units: 1,
    kernelInitializer: tf.initializers.glorotUniform({ seed: 3 }),
  });
  const model = tf.sequential({ layers: [recurrent, head] });
  model.compile({ optimizer: tf.train.adam(0.02), loss: "meanSquaredError" });
  let loss = 0;
  for (let i = 0; i < ITERATIONS; i++) {
    const sequences = Array.from({ length: BATCH }, () => holdSequence(random));
    const x = tf.tensor3d(sequences.flatMap(({ x }) => [...x]), [BATCH, STEPS, 2]);
    const y = tf.tensor3d(sequences.flatMap(({ y }) => [...y]), [BATCH, STEPS, 1]);
    loss = await model.trainOnBatch(x, y) as number;
    tf.dispose([x, y]);
    if (i % 20 === 0) console.log(op, i, loss);
  }
  const [kernel, recurrentKernel, bias, headKernel, headBias] = model.getWeights().map((weight) =>
    weight.shape.length === 2 ? weight.transpose() : weight
  ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const tensor = (from: tf.Tensor) => ({
    shape: from.shape,
    data: Array.from(from.dataSync(), (value) => Number(value.toPrecision(6))),
  });
  const fixture = {
    source: `bench/recurrent.ts: ${ITERATIONS} batches of ${BATCH} with tfjs, Adam, last loss ${
      loss.toPrecision(3)
    }`,
    op,
    kernel: tensor(kernel),
    recurrent: tensor(recurrentKernel),
    bias: tensor(bias),
    headKernel: tensor(headKernel),
    headBias: tensor(headBias),
  };
  const file = new URL(`../tests/fixtures/hold_${op}.json`, import.meta.url);
  await Deno.mkdir(new URL(".", file), { recursive: true });
  await Deno.writeTextFile(file, JSON.stringify(fixture) + "\n");
  console.log(fixture.source);
}
