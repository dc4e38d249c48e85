/**
 * The command line: flags only. Each command's work is in `lib/commands/<name>.ts`, loaded when it
 * is asked for.
 *
 * @module
 */
import { type Command, CommanderError, program } from "@commander-js/extra-typings";
import { nearest, UserError } from "./lib/errors.ts";
import type { CalibratorName, Optimize } from "./lib/types.ts";
import { version } from "./lib/version.ts";

/** Wrong usage of the command line. */
const EXIT_USAGE = 2;
/** A defect of ours (EX_SOFTWARE of sysexits.h). */
const EXIT_DEFECT = 70;

const LEVELS = ["speed", "balanced", "size", "ram"] as const satisfies Optimize[];

const CALIBRATORS = ["max", "entropy", "percentile", "mse"] as const satisfies CalibratorName[];

/** What a command takes as a model. */
const MODEL = "mlp, convnet, a .tflite or .onnx file, or the folder of a tfjs model";

/** Parser of a whole number from `least` upwards. */
function wholeNumber(option: string, least: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new UserError(
      `Cannot use ${option} ${text}: it must be a whole number of at least ${least}.`,
    );
  };
}

/** Parser of a decimal number for which `holds`, which `meaning` puts in words. */
function number(
  option: string,
  meaning = "a number",
  holds: (value: number) => boolean = () => true,
): (text: string) => number {
  return (text) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
    if (Number.isFinite(value) && holds(value)) return value;
    throw new UserError(`Cannot use ${option} ${text}: it must be ${meaning}.`);
  };
}

/** Parser of one of some words. */
function oneOf<T extends string>(option: string, choices: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((name) => name === text);
    if (choice !== undefined) return choice;
    const near = nearest(text, choices);
    const hint = near === undefined ? "" : ` Did you mean "${near}"?`;
    throw new UserError(
      `Cannot use ${option} ${text}: it must be one of ${choices.join(", ")}.${hint}`,
    );
  };
}

/** Parser of some words, comma separated. */
function listOf<T extends string>(option: string, choices: readonly T[]): (text: string) => T[] {
  return (text) => text.split(",").map(oneOf(option, choices));
}

/** What --optimize says of itself. */
const OPTIMIZE = "--optimize <level>";
const OPTIMIZE_HELP = `what to spare: cycles (speed), cycles with weights of about a byte each ` +
  `(balanced), flash (size), or RAM (ram)`;

/** Gathers the values of an option that may be given several times. */
function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

/** Adds the options of every command that quantizes. */
function withQuantization<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
) {
  return command
    .option(
      "--data <name|folder>",
      "data set (mnist, fashion-mnist) or a folder with IDX files (default: mnist)",
    )
    .option(
      "--calibration <name>",
      `how activation ranges are chosen: ${CALIBRATORS.join(", ")}`,
      oneOf("--calibration", CALIBRATORS),
      "mse" as const,
    )
    .option(
      "--percentile <p>",
      "percent of the values kept in range, for --calibration percentile",
      number("--percentile", "a number above 0 and up to 100", (p) => p > 0 && p <= 100),
      99.99,
    )
    .option(
      "--calibration-inputs <dir>",
      "calibrate on .npy, .npz or input_N.bin files there, instead of a data set (default: --inputs, " +
        "if they are given and --data is not)",
    )
    .option(
      "--calibration-samples <n>",
      "training samples looked at (default: the first 1000, or all)",
      wholeNumber("--calibration-samples", 1),
    )
    .option(
      "--input-mean <x>",
      "subtracted from a pixel in 0…1 before the network sees it",
      number("--input-mean"),
      0,
    )
    .option(
      "--input-std <x>",
      "divides a pixel after --input-mean",
      number("--input-std", "a number above 0", (x) => x > 0),
      1,
    );
}

/** An option that was not given is absent, not undefined: what the commands are typed for. */
type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function given<T extends object>(options: T): Given<T> {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<T>;
}

// Set before the commands are added: they inherit it.
program
  .name("intnic")
  .description("Integer-only neural networks on microcontrollers, in plain C.")
  .version(version)
  .exitOverride()
  .addHelpText(
    "after",
    "\nThe start script ./intnic also knows `test`: format, lint, type check and all tests.",
  );

withQuantization(program.command("deploy"))
  .description("quantize a model, build it for each target, run it there and record the result")
  .argument("[model]", MODEL, "convnet")
  .option("--target <list>", "names of targets or paths of your own, comma separated", "cortex-m4")
  .option(OPTIMIZE, OPTIMIZE_HELP, oneOf("--optimize", LEVELS), "balanced" as const)
  .option(
    "--samples <n>",
    "test samples to run on each target (default: the first 1000, or all)",
    wholeNumber("--samples", 1),
  )
  .option("--db <file>", "record file (default: intnic/records.db in your state folder)")
  .option("--json", "print the records as JSON, and nothing else, on stdout")
  .option("--out <dir>", "keep the generated C and the binaries there")
  .option(
    "--inputs <dir>",
    "run the samples there (input_N.bin, .npy, .npz) instead of a data set's; output_N.bin beside " +
      "them are compared",
  )
  .option(
    "--outputs <dir>",
    "write each sample's output to output_N.bin there, as the core gave it",
  )
  .option(
    "--jobs <n>",
    "emulators to run at once (default: one a processor)",
    wholeNumber("--jobs", 1),
  )
  .action(async (model, options) => {
    const { deploy } = await import("./lib/commands/deploy.ts");
    await deploy(model, given(options));
  });

withQuantization(program.command("diff"))
  .description("find the layer whose bytes differ on a target, and those that stray from float")
  .argument("<model>", MODEL)
  .option("--target <list>", "names of targets or paths of your own, comma separated", "cortex-m4")
  .option(
    "--inputs <dir>",
    "run the samples there (input_N.bin, .npy, .npz) instead of a data set's",
  )
  .option(
    "--samples <n>",
    "samples to run (default: the first 16, or all)",
    wholeNumber("--samples", 1),
  )
  .option("--json", "print one JSON object, and nothing else, on stdout")
  .action(async (model, options) => {
    const { diff } = await import("./lib/commands/diff.ts");
    await diff(model, given(options));
  });

program.command("inspect")
  .description("list a model's layers, what is unsupported, and what it would cost on each target")
  .argument("<model>", MODEL)
  .option("--target <list>", "names of targets or paths of your own (default: all there are)")
  .option("--json", "print one JSON object, and nothing else, on stdout")
  .action(async (model, options) => {
    const { inspect } = await import("./lib/commands/inspect.ts");
    await inspect(model, given(options));
  });

program.command("run")
  .description("run any firmware ELF on an emulated core: its cost, its profile, its faults")
  .argument("<elf>", "program with its own start-up code")
  .option("--target <name>", "name of a target or path of your own", "cortex-m4")
  .option("--from <symbol>", "count from the first entry of this symbol ...")
  .option("--to <symbol>", "... to the next entry of this one")
  .option("--stop-at <symbol>", "end when this is entered; with --call: boot until it is")
  .option("--call <symbol>", "boot until main is entered, then call this function and count it")
  .option("--write <symbol|address=file>", "put a file's bytes there once booted", collect, [])
  .option("--read <symbol|address:length=file>", "save bytes to a file at the end", collect, [])
  .option("--flash <size>", "size of the flash, e.g. 2M, or with an origin: 0x08000000:2M")
  .option("--ram <size>", "size of the RAM, likewise")
  .option("--timing <table>", "timing table to use instead of the target's")
  .option(
    "--timeout <seconds>",
    "most time to run for",
    number("--timeout", "a number of seconds above 0", (s) => s > 0),
    60,
  )
  .option(
    "--max-instructions <n>",
    "most instructions to run",
    number(
      "--max-instructions",
      "a whole number of at least 1",
      (n) => Number.isSafeInteger(n) && n >= 1,
    ),
    1e10,
  )
  .option("--profile", "cycles by function, and the dearest instructions")
  .option("--json", "print one JSON object on stdout; the program's own output goes to stderr")
  .action(async (elf, options) => {
    const { run } = await import("./lib/commands/run.ts");
    await run(elf, given(options));
  });

program.command("train")
  .description("train a network on the training set, and save it as a tfjs LayersModel")
  .argument("<network>", "mlp or convnet")
  .option(
    "--epochs <n>",
    "passes over the training set (default: the recipe's)",
    wholeNumber("--epochs", 1),
  )
  .option(
    "--seed <n>",
    "seed of everything random (default: the recipe's)",
    wholeNumber("--seed", 0),
  )
  .option("--batch <n>", "samples a step (default: the recipe's)", wholeNumber("--batch", 1))
  .option(
    "--data <name|folder>",
    "data set (mnist, fashion-mnist) or a folder with IDX files",
    "mnist",
  )
  .option("--out <dir>", "where to save the model (default: build/<network>)")
  .action(async (network, options) => {
    const { train, trainDefaults } = await import("./lib/commands/train.ts");
    await train(network, { ...trainDefaults, ...given(options) });
  });

withQuantization(program.command("quantize"))
  .description("quantize a model, and print each layer's range, scale and error")
  .argument("<model>", MODEL)
  .option("--out <dir>", "save the integer network there")
  .option("--json", "print the report as JSON, and nothing else, on stdout")
  .action(async (model, options) => {
    const { quantize } = await import("./lib/commands/quantize.ts");
    await quantize(model, given(options));
  });

withQuantization(program.command("generate"))
  .description("write the C of a model: model.h and model.c, to drop into a firmware")
  .argument("[model]", MODEL, "convnet")
  .requiredOption("--out <dir>", "where to write the files")
  .option("--target <name>", "name of a target or path of your own", "cortex-m4")
  .option(OPTIMIZE, OPTIMIZE_HELP, oneOf("--optimize", LEVELS), "balanced" as const)
  .action(async (model, options) => {
    const { generate } = await import("./lib/commands/generate.ts");
    await generate(model, given(options));
  });

program.command("bench")
  .description("measure the kernels on the networks of the benchmark, against committed figures")
  .option("--models <list>", "names of networks, comma separated (default: all)")
  .option("--target <list>", "names of targets, comma separated (default: all emulated cores)")
  .option(
    "--optimize <list>",
    "levels, comma separated (default: all)",
    listOf("--optimize", LEVELS),
  )
  .option("--layers", "each layer's kernel and cycles too")
  .option("--check", "fail if a committed figure has worsened by more than 1 %")
  .option("--update", "commit what is measured to bench/figures.json")
  .option("--json", "print what is measured as JSON, and nothing else, on stdout")
  .action(async ({ optimize = LEVELS, ...options }) => {
    const { bench, benchModels, benchTargets } = await import("./lib/commands/bench.ts");
    await bench({ models: benchModels, target: benchTargets, levels: optimize, ...given(options) });
  });

program.command("targets")
  .description("list the targets")
  .option("--json", "print them as JSON on stdout")
  .action(async (options) => {
    const { targets } = await import("./lib/commands/targets.ts");
    await targets(given(options));
  });

program.command("doctor")
  .description("check what this machine has of what intnic needs")
  .option("--json", "print the checks as JSON on stdout")
  .action(async (options) => {
    const { doctor } = await import("./lib/commands/doctor.ts");
    await doctor(given(options));
  });

program.command("report")
  .description("print past records")
  .option("--db <file>", "record file (default: intnic/records.db in your state folder)")
  .option("--model <name>", "only runs of this model")
  .option("--target <name>", "only runs on this target")
  .option("--last <n>", "at most so many, the latest", wholeNumber("--last", 1), 20)
  .option("--json", "print the records as JSON on stdout")
  .action(async (options) => {
    const { report } = await import("./lib/commands/report.ts");
    report(given(options));
  });

/** Runs one command line and returns its exit code. */
async function main(): Promise<number> {
  try {
    await program.parseAsync();
    return 0;
  } catch (error) {
    // Commander has already printed what was wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (error instanceof UserError) {
      console.error(error.message);
      return error.exitCode;
    }
    console.error("This is a defect of intnic, not a mistake of yours:");
    console.error(error);
    return EXIT_DEFECT;
  }
}

if (import.meta.main) Deno.exitCode = await main() || Deno.exitCode;
