/**
 * The memory of past runs: one SQLite file, one row a `RunRecord`.
 *
 * @module
 */
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "../errors.ts";
import type { RunRecord } from "../types.ts";

/** Marks a file as ours ("inic"), so that no other program's database is written to. */
const APPLICATION_ID = 0x696e6963;

/** Raised by one with every change of the layout. Since 2, a record's accuracy may be null. */
const SCHEMA_VERSION = 2;

/** How long a writer waits for another one, in milliseconds. */
const BUSY_TIMEOUT = 15_000;

/** The record is kept whole as JSON; the columns beside it are only what `list` searches by. */
const SCHEMA = `
  CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    model TEXT NOT NULL,
    target TEXT NOT NULL,
    record TEXT NOT NULL CHECK (json_valid(record))
  ) STRICT;
  CREATE INDEX records_by_time ON records (time);
  CREATE INDEX records_by_model ON records (model, target, time);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Which records `list` gives; without a field, all. */
export interface RecordFilter {
  /** Name of the model. */
  readonly model?: string;
  /** Name of the target. */
  readonly target?: string;
  /** At most this many, the latest. */
  readonly last?: number;
}

/** An open record file. */
export interface Store extends Disposable {
  readonly path: string;
  /** Adds the records, all or none. */
  save(...records: readonly RunRecord[]): void;
  /** The records that match, oldest first. */
  list(filter?: RecordFilter): RunRecord[];
  close(): void;
}

/** `intnic/records.db` in the user's state folder, as the XDG rules have it. */
export function defaultStorePath(): string {
  const state = process.env["XDG_STATE_HOME"];
  // The rules say to ignore a relative path.
  const folder = state && isAbsolute(state)
    ? state
    : join(process.env["HOME"] || homedir(), ".local", "state");
  return join(folder, "intnic", "records.db");
}

/**
 * Opens the record file and makes it if it is not there. That it can be written to is found out
 * here, before a long run whose record would be lost. A file that is damaged or not ours is left
 * as it is.
 *
 * @throws {UserError} if the file cannot be read, written or understood; `save` and `list` too
 */
export function openStore(file: string = defaultStorePath()): Store {
  // An absolute path: SQLite gives names such as ":memory:" a meaning of their own.
  const path = file === "" ? file : resolve(file);
  const attempt = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw explain(error, path);
    }
  };
  const database = attempt(() => {
    // Asking for what is there would need the permission to write to the whole folder.
    if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true });
    return new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
  });
  try {
    attempt(() => prepare(database, path));
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    path,
    save: (...records) => attempt(() => save(database, records)),
    list: (filter = {}) => attempt(() => list(database, filter, path)),
    close: () => database.close(),
    [Symbol.dispose]: () => database.close(),
  };
}

/** Whether a record file is there, so that a reader need not make an empty one. */
export function storeExists(path: string): boolean {
  return existsSync(path);
}

function prepare(database: DatabaseSync, path: string): void {
  // Everything is decided under the write lock: of two that open a new file, one makes the tables.
  transaction(database, () => {
    const id = pragma(database, "application_id");
    const version = pragma(database, "user_version");
    const tables = database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()!["n"];
    if (id === 0 && version === 0 && tables === 0) {
      database.exec(SCHEMA);
    } else if (id !== APPLICATION_ID) {
      throw new UserError(
        `Cannot keep records in ${path}: it is another program's database. Choose another file with --db.`,
      );
    } else if (version > SCHEMA_VERSION) {
      throw new UserError(
        `Cannot read ${path}: it was written by a later intnic (layout ${version}; this one knows ` +
          `up to ${SCHEMA_VERSION}). Update intnic, or choose another file with --db.`,
      );
    } else if (version < SCHEMA_VERSION) {
      // All that older records hold still means the same; only older programs must keep off.
      database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
  });
  database.exec("PRAGMA journal_mode = WAL");
}

function save(database: DatabaseSync, records: readonly RunRecord[]): void {
  const insert = database.prepare(
    "INSERT INTO records (time, model, target, record) VALUES (?, ?, ?, ?)",
  );
  transaction(database, () => {
    for (const record of records) {
      insert.run(record.time, record.model.name, record.target, JSON.stringify(record));
    }
  });
}

function list(database: DatabaseSync, filter: RecordFilter, path: string): RunRecord[] {
  const rows = database.prepare(`
    SELECT id, record FROM records
    WHERE (:model IS NULL OR model = :model) AND (:target IS NULL OR target = :target)
    ORDER BY time DESC, id DESC LIMIT :last
  `).all({
    model: filter.model ?? null,
    target: filter.target ?? null,
    last: filter.last ?? -1,
  });
  return rows.reverse().map(({ id, record }) => {
    const value = parseObject(String(record));
    if (value !== undefined && "cycles" in value) return value as RunRecord;
    throw new UserError(`Cannot read record ${id} of ${path}: it does not hold a run.`);
  });
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `body` holding the write lock; nothing of it stays if it throws. */
function transaction(database: DatabaseSync, body: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    body();
    database.exec("COMMIT");
  } catch (error) {
    // SQLite rolls back by itself after some errors, such as a full disk.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

/** What SQLite says (Deno does not always hand on the number behind it) and what it means here. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/is locked/, "another program has held it locked for too long"],
  [/readonly database/, "it is not writable"],
  [/malformed/, "it is damaged, and was left as it is"],
  [/not a database/, "it is not a SQLite database, and was left as it is"],
  [/disk is full/, "the disk is full"],
  [/unable to open/, "it cannot be opened"],
];

function explain(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const code = "code" in error ? String(error.code) : "";
  const denied = error instanceof Deno.errors.NotCapable;
  // Anything but SQLite, the file system and Deno's permissions is a defect of ours.
  if (code !== "ERR_SQLITE_ERROR" && !/^E[A-Z]+$/.test(code) && !denied) return error;
  const reason = REASONS.find(([pattern]) => pattern.test(error.message))?.[1] ?? error.message;
  return new UserError(
    `Cannot use the record file ${path}: ${reason}. Choose another one with --db.`,
    { cause: error },
  );
}
