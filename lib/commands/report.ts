/**
 * `intnic report`: past records.
 *
 * @module
 */
import { UserError } from "../errors.ts";
import { defaultStorePath, openStore, storeExists } from "../record/store.ts";
import { recordsTable } from "../record/table.ts";
import type { RunRecord } from "../types.ts";

/** What `report` prints, and from where. */
export interface ReportOptions {
  /** Record file; the user's own by default. */
  readonly db?: string;
  /** Only runs of this model. */
  readonly model?: string;
  /** Only runs on this target. */
  readonly target?: string;
  /** At most this many, the latest; all by default. */
  readonly last?: number;
  readonly json?: boolean;
}

/**
 * Prints the records that match, oldest first, as tables or as a JSON array.
 *
 * @throws {UserError} if the record file named is not there, or cannot be read
 */
export function report(options: ReportOptions = {}): void {
  const path = options.db ?? defaultStorePath();
  const records = read(path, options);
  if (options.json) {
    console.log(JSON.stringify(records, null, 2));
  } else if (records.length === 0) {
    console.log(`There are no such records in ${path}; \`deploy\` makes them.`);
  } else {
    console.log(recordsTable(records, { history: true }));
  }
}

function read(path: string, { db, ...filter }: ReportOptions): RunRecord[] {
  if (!storeExists(path)) {
    if (db === undefined) return [];
    throw new UserError(`Cannot read the record file ${path}: there is no such file.`);
  }
  using store = openStore(path);
  return store.list(filter);
}
