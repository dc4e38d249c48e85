/**
 * The networks that can be trained, as TensorFlow.js models whose output is one logit a class.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs";
import { nearest, UserError } from "../errors.ts";
import type { Shape } from "../types.ts";
import { createRandom } from "./random.ts";

/** Makes an untrained network for images of `shape`; `seed` decides its weights. */
export type MakeNetwork = (shape: Shape, classes: number, seed: number) => tf.Sequential;

const networks: Record<string, MakeNetwork> = { mlp, convnet };

/** Names of the networks, as the command line takes them. */
export const networkNames: readonly string[] = Object.keys(networks);

/**
 * The maker of a network.
 *
 * @throws {UserError} if there is no network of that name.
 */
export function findNetwork(name: string): MakeNetwork {
  if (Object.hasOwn(networks, name)) return networks[name]!;
  const near = nearest(name, networkNames);
  throw new UserError(
    `There is no network called "${name}". ` + (near ? `Did you mean ${near}? ` : "") +
      `The networks are ${networkNames.join(" and ")}.`,
  );
}

/** Dense layers 128, 64 and one unit a class, with ReLU between: 784-128-64-10 for MNIST. */
function mlp(shape: Shape, classes: number, seed: number): tf.Sequential {
  const initializer = initializers(seed);
  const dense = (name: string, units: number) =>
    tf.layers.dense({ name, units, kernelInitializer: initializer(name) });
  return tf.sequential({
    name: "mlp",
    layers: [
      tf.layers.flatten({ name: "flatten", inputShape: [...shape] }),
      dense("dense1", 128),
      tf.layers.reLU({ name: "relu1" }),
      dense("dense2", 64),
      tf.layers.reLU({ name: "relu2" }),
      dense("dense3", classes),
    ],
  });
}

/** Two blocks of 3×3 convolution to 16 channels, 2×2 max pool and ReLU; then one dense layer. */
function convnet(shape: Shape, classes: number, seed: number): tf.Sequential {
  if (shape[0]! < 10 || shape[1]! < 10) {
    throw new UserError(
      `Cannot train convnet on images of ${shape[0]}×${shape[1]} pixels: its two blocks need at ` +
        `least 10×10.`,
    );
  }
  const initializer = initializers(seed);
  const block = (index: number, inputShape?: number[]) => [
    tf.layers.conv2d({
      name: `conv${index}`,
      filters: 16,
      kernelSize: 3,
      kernelInitializer: initializer(`conv${index}`),
      ...(inputShape ? { inputShape } : {}),
    }),
    tf.layers.maxPooling2d({ name: `pool${index}`, poolSize: 2 }),
    tf.layers.reLU({ name: `relu${index}` }),
  ];
  return tf.sequential({
    name: "convnet",
    layers: [
      ...block(1, [...shape]),
      ...block(2),
      tf.layers.flatten({ name: "flatten" }),
      tf.layers.dense({
        name: "dense1",
        units: classes,
        kernelInitializer: initializer("dense1"),
      }),
    ],
  });
}

/** He's normal initializer (2015), made for ReLU, with a seed of its own for every layer. */
function initializers(
  seed: number,
): (layer: string) => ReturnType<typeof tf.initializers.heNormal> {
  return (layer) =>
    tf.initializers.heNormal({ seed: Math.floor(createRandom(seed, layer).uniform() * 2 ** 31) });
}
