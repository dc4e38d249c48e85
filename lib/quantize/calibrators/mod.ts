import type { CalibratorName } from "../../types.ts";
import type { Calibrator } from "./calibrator.ts";
import { entropy } from "./entropy.ts";
import { max } from "./max.ts";
import { mse } from "./mse.ts";
import { percentile } from "./percentile.ts";

/** Every activation calibrator, by the name the command line knows it by. */
export const calibrators: Readonly<Record<CalibratorName, Calibrator>> = {
  max,
  entropy,
  percentile,
  mse,
};
