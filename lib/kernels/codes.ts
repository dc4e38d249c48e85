import { quantizedLinear } from "../ops/op.ts";
import type { Encoding, QuantizedNode, Rounding } from "../types.ts";
import { defineScales, scaleKernels, scalesOf } from "./scale.ts";
import { defineSlopes, slopesOf } from "./slope.ts";
import { defineSteps, stepsOf } from "./steps.ts";

/** How the kernels for cores without SIMD turn sums into codes. */
export interface Codes {
  /** Of `struct intnic_<name>`, `intnic_code_<name>` and `intnic_store_<name>`. */
  readonly name: "slope" | "steps" | "scale";
  /** The files of these, the store's the last. */
  readonly kernels: readonly string[];
  /** Rough cycles of four. */
  readonly cycles: number;
  /** Definition of `model_scales_<layer>`, filled up to a multiple of some number of channels. */
  define(layer: string, multiple: number): string;
}

/**
 * The fastest way that can be proved right for a layer, or why there is none.
 *
 * @param multiply whether the core has a high multiply that always takes the same time
 */
export function codesOf(
  node: QuantizedNode,
  inputZero: number,
  output: Encoding,
  rounding: Rounding,
  multiply: "high" | "low" = "low",
): Codes | string {
  const linear = quantizedLinear(node);
  const slopes = multiply === "high" ? slopesOf(linear, inputZero, node, output, rounding) : "";
  if (typeof slopes !== "string") {
    return {
      name: "slope",
      kernels: ["minmax", "mul_high", "range", "slope", "slope_store"],
      cycles: 80,
      define: (layer, multiple) => defineSlopes(layer, slopes, multiple),
    };
  }
  const steps = stepsOf(linear, inputZero, node, output, rounding);
  if (typeof steps !== "string") {
    return {
      name: "steps",
      kernels: ["minmax", "range", "steps", "steps_store"],
      cycles: 130,
      define: (layer, multiple) => defineSteps(layer, steps, multiple),
    };
  }
  const scales = scalesOf(linear, inputZero, output, rounding);
  if (typeof scales === "string") return scales;
  return {
    name: "scale",
    kernels: [
      "mul_high",
      "mul_high_rounded",
      "range",
      ...scaleKernels(rounding),
      "scale_store",
      "scale_store_all",
    ],
    cycles: 200,
    define: (layer, multiple) => defineScales(layer, scales, multiple),
  };
}
