/**
 * The timing tables by name. To add a core, write its table and a line here.
 *
 * @module
 */

import { nearest, UserError } from "../../../errors.ts";
import { cortexM0 } from "./cortex_m0.ts";
import { cortexM0Plus } from "./cortex_m0plus.ts";
import { cortexM3 } from "./cortex_m3.ts";
import { cortexM33 } from "./cortex_m33.ts";
import { cortexM4 } from "./cortex_m4.ts";
import { cortexM7 } from "./cortex_m7.ts";
import { DualIssuePricer } from "./dual_issue.ts";
import { cv32e40p } from "./cv32e40p.ts";
import { FetchedPricer } from "./fetched.ts";
import { ibexMaxperf } from "./ibex_maxperf.ts";
import { ibexSmall } from "./ibex_small.ts";
import { InOrderPricer } from "./in_order.ts";
import { picorv32 } from "./picorv32.ts";
import { rv64InOrder } from "./rv64_inorder.ts";
import { ScalarPricer } from "./scalar.ts";
import { TwoWidePricer } from "./two_wide.ts";
import type { Pricer, TimingTable } from "./table.ts";

export type { Cost, Pricer, TimingTable } from "./table.ts";

/** All tables, by the name targets use. */
export const TIMING: ReadonlyMap<string, TimingTable> = new Map(
  [
    cortexM0,
    cortexM0Plus,
    cortexM3,
    cortexM4,
    cortexM7,
    cortexM33,
    ibexSmall,
    ibexMaxperf,
    cv32e40p,
    picorv32,
    rv64InOrder,
  ].map((table): [string, TimingTable] => [table.name, table]),
);

/** @throws {UserError} when there is no table of that name */
export function timingTable(name: string): TimingTable {
  const table = TIMING.get(name);
  if (table !== undefined) return table;
  const near = nearest(name, TIMING.keys());
  throw new UserError(
    `There is no timing table "${name}"` + (near === undefined ? "" : `; did you mean "${near}"?`) +
      ` The tables are ${[...TIMING.keys()].join(", ")}.`,
  );
}

/** A fresh pricer for a table. */
export function pricer(table: TimingTable): Pricer {
  switch (table.issue) {
    case "single":
      return new InOrderPricer(table);
    case "fetched":
      return new FetchedPricer(table);
    case "dual":
      return new DualIssuePricer(table);
    case "two-wide":
      return new TwoWidePricer(table);
    case "scalar":
      return new ScalarPricer(table);
  }
}
