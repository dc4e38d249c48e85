import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { defaultStorePath, openStore } from "./store.ts";
import { exampleHostRecord, exampleRecord } from "./testing.ts";

async function withFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "intnic-store-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function refuses(path: string, message: RegExp): void {
  assert.throws(() => openStore(path), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.ok(error.message.includes(path), error.message);
    assert.match(error.message, message);
    assert.match(error.message, /\.$/);
    return true;
  });
}

Deno.test("what is saved comes back equal, also after the file was closed", async () => {
  await withFolder((folder) => {
    const path = join(folder, "not", "yet", "there", "records.db");
    const records = [exampleRecord(), exampleHostRecord()];
    const store = openStore(path);
    store.save(...records);
    assert.deepEqual(store.list(), records);
    store.close();
    using again = openStore(path);
    assert.deepEqual(again.list(), records);
  });
});

Deno.test("the list is filtered, oldest first", async () => {
  await withFolder((folder) => {
    using store = openStore(join(folder, "records.db"));
    const mlp = { name: "mlp", format: "tfjs", sha256: "00" };
    const [a, b, c] = [
      exampleRecord({ time: "2026-01-03T00:00:00.000Z" }),
      exampleRecord({ time: "2026-01-01T00:00:00.000Z", model: mlp }),
      exampleHostRecord({ time: "2026-01-02T00:00:00.000Z" }),
    ];
    store.save(a, b, c);
    assert.deepEqual(store.list(), [b, c, a]);
    assert.deepEqual(store.list({ model: "mlp" }), [b]);
    assert.deepEqual(store.list({ target: "cortex-m4" }), [b, a]);
    assert.deepEqual(store.list({ last: 2 }), [c, a]);
    assert.deepEqual(store.list({ model: "mlp", target: "host" }), []);
  });
});

Deno.test("records are saved all or none", async () => {
  await withFolder((folder) => {
    using store = openStore(join(folder, "records.db"));
    store.save(exampleRecord());
    const noTime = exampleRecord({ time: null as unknown as string });
    assert.throws(() => store.save(exampleRecord(), noTime));
    assert.equal(store.list().length, 1);
    store.save(exampleRecord());
    assert.equal(store.list().length, 2);
  });
});

Deno.test("a file that is no database is left as it is", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "notes.txt");
    const text = "not a database at all\n".repeat(200);
    await Deno.writeTextFile(path, text);
    refuses(path, /it is not a SQLite database, and was left as it is/);
    assert.equal(await Deno.readTextFile(path), text);
  });
});

Deno.test("another program's database is left as it is", async () => {
  await withFolder((folder) => {
    const path = join(folder, "other.db");
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE theirs (x)");
    refuses(path, /it is another program's database/);
    const tables = other.prepare("SELECT name FROM sqlite_schema").all();
    assert.deepEqual(tables.map((row) => row["name"]), ["theirs"]);
    other.close();
  });
});

Deno.test("a damaged file is told, and its bytes are kept", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "records.db");
    {
      using store = openStore(path);
      store.save(...Array.from({ length: 200 }, () => exampleRecord()));
    }
    const bytes = await Deno.readFile(path);
    bytes.fill(0xff, 4096);
    await Deno.writeFile(path, bytes);
    assert.throws(() => {
      using store = openStore(path);
      store.list();
    }, UserError);
    assert.deepEqual(await Deno.readFile(path), bytes);
  });
});

Deno.test("an earlier layout keeps its records, and takes runs without labels", async () => {
  await withFolder((folder) => {
    const path = join(folder, "records.db");
    const old = exampleRecord();
    openStore(path).save(old);
    const earlier = new DatabaseSync(path);
    earlier.exec("PRAGMA user_version = 1");
    earlier.close();
    using store = openStore(path);
    const unjudged = exampleRecord({ time: "2026-02-01T00:00:00.000Z", accuracy: null });
    store.save(unjudged);
    assert.deepEqual(store.list(), [old, unjudged]);
    using later = new DatabaseSync(path);
    assert.equal(later.prepare("PRAGMA user_version").get()!["user_version"], 2);
  });
});

Deno.test("a later layout is not touched", async () => {
  await withFolder((folder) => {
    const path = join(folder, "records.db");
    openStore(path).close();
    const later = new DatabaseSync(path);
    later.exec("PRAGMA user_version = 99");
    later.close();
    refuses(path, /written by a later intnic \(layout 99; this one knows up to 2\)/);
  });
});

Deno.test("a place that cannot be written to is told", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    refuses(folder, /it cannot be opened/);
    refuses(join(file, "below", "records.db"), /not a directory/);
  });
});

Deno.test("writers in several processes wait for each other", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "records.db");
    const script = join(folder, "writer.ts");
    const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
    await Deno.writeTextFile(
      script,
      `import { openStore } from ${here("./store.ts")};
       import { exampleRecord } from ${here("./testing.ts")};
       for (let i = 0; i < 25; i++) {
         using store = openStore(${JSON.stringify(path)});
         store.save(exampleRecord(), exampleRecord());
       }`,
    );
    const runs = Array.from(
      { length: 4 },
      () =>
        new Deno.Command(Deno.execPath(), { args: ["run", "--no-lock", "-A", script] }).output(),
    );
    for (const { success, stderr } of await Promise.all(runs)) {
      assert.ok(success, new TextDecoder().decode(stderr));
    }
    using store = openStore(path);
    assert.equal(store.list().length, 4 * 25 * 2);
  });
});

Deno.test("the default is in the user's state folder", () => {
  const before = Deno.env.get("XDG_STATE_HOME");
  try {
    Deno.env.set("XDG_STATE_HOME", "/some/state");
    assert.equal(defaultStorePath(), "/some/state/intnic/records.db");
    Deno.env.set("XDG_STATE_HOME", "relative");
    assert.match(defaultStorePath(), /^\/.*\/\.local\/state\/intnic\/records\.db$/);
  } finally {
    if (before === undefined) Deno.env.delete("XDG_STATE_HOME");
    else Deno.env.set("XDG_STATE_HOME", before);
  }
});
