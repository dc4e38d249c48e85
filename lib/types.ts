/**
 * The six values that flow through intnic, and the target they flow towards. Every stage takes one
 * and returns the next; none changes its input.
 *
 *     Model → Graph → QuantizedGraph → CProgram → Binary → RunRecord
 *
 * Shapes leave out the batch dimension (inference is one sample at a time) and are NHWC:
 * `[height, width, channels]` for images, `[features]` for vectors.
 *
 * @module
 */

/** Dimensions of a tensor, outermost first, all positive. */
export type Shape = readonly number[];

/** A trained network as it lies on disk, read but not yet understood. */
export interface Model {
  /** Short name: the folder or file without its extension. */
  readonly name: string;
  readonly format: "onnx" | "tfjs" | "tflite";
  /** Where it was read from. */
  readonly path: string;
  /** SHA-256 over the bytes of all its files, in the order of `files`, in hexadecimal. */
  readonly sha256: string;
  /** File name relative to the model → contents. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Float constants, row-major. */
export interface FloatTensor {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** What an op needs to know besides its tensors: strides, padding, kernel size. */
export type Attributes = object;

/** An activation fused into the op that produces its input; see `lib/ops/activation.ts`. */
export type Activation = "none" | "relu" | "relu6" | "relu_n1_to_1";

/** How the int8 codes of a tensor stand for real values, where the model itself says so. */
export interface Encoding {
  /** Positive real size of one step. */
  readonly scale: number;
  /** The int8 value that stands for 0.0, −128…127. */
  readonly zeroPoint: number;
}

/** Weights that came quantized; `Node.weights` and `Node.bias` hold the same as real values. */
export interface WeightCodes {
  /** −128…127, in the layout of `Node.weights`. */
  readonly weights: Int8Array;
  /** Real size of one weight step, per output channel; zero points are zero. */
  readonly scales: Float64Array;
  /** At scale s_x·s_w, per output channel. */
  readonly bias: Int32Array;
  /**
   * s_x·s_w, per output channel, as the model's own runtime computes it; the exact product unless
   * told.
   */
  readonly products?: Float64Array;
}

/**
 * Type of the numbers that go in or come out of a model as its users see it. Deployed, it is int8 at
 * either end.
 */
export type EdgeType = "float32" | "int8" | "uint8" | "int32" | "int64";

/** One float operation. */
export interface Node<A extends Attributes = Attributes> {
  /** Unique; the layer's name in the source model where it has one. */
  readonly name: string;
  /** Key into the op table, `lib/ops/mod.ts`. */
  readonly op: string;
  /** Names of the activation tensors it reads. */
  readonly inputs: readonly string[];
  /** Name of the one tensor it writes. */
  readonly output: string;
  readonly attributes: A;
  /** Constant weights in the op's own layout (see its file), if it has any. */
  readonly weights?: FloatTensor;
  /** One value per output channel; present whenever `weights` is. */
  readonly bias?: Float32Array;
  /** Constants of ops that have more than weights and a bias, by name (see the op's file). */
  readonly parameters?: ReadonlyMap<string, FloatTensor>;
  /** Present where the weights came quantized. */
  readonly codes?: WeightCodes;
  /** Applied to the output before it is stored. */
  readonly activation: Activation;
}

/** A float network: one input, one output, nodes in an order in which they can be run. */
export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  /** Shape of every tensor that a node reads or writes, the input and constants included. */
  readonly tensors: ReadonlyMap<string, Shape>;
  /** Tensors that nodes read as inputs and that never change, by name. */
  readonly constants?: ReadonlyMap<string, FloatTensor>;
  readonly input: string;
  readonly output: string;
  /** Quantization that the model brings along, by tensor; the others are calibrated. */
  readonly encodings?: ReadonlyMap<string, Encoding>;
  /** The rounding rule a quantized model was made for; `single` unless told. */
  readonly rounding?: Rounding;
  /** What the model itself takes and gives; float32 unless told. */
  readonly edges?: { readonly input: EdgeType; readonly output: EdgeType };
  /** How the model itself orders its input's dimensions, if not as `tensors` has them. */
  readonly inputOrder?: ModelOrder;
  /** What the import changed that a user should know, in full sentences. */
  readonly notes: readonly string[];
}

/** A tensor as the model has it, whose dimensions lie in another order here. */
export interface ModelOrder {
  /** In the model's order, without the batch. */
  readonly shape: Shape;
  /** For each dimension of ours, which of the model's it is. */
  readonly axes: readonly number[];
}

/** How int8 values stand for real ones: real = scale · (q − zeroPoint). */
export interface QuantizedTensor extends Encoding {
  readonly shape: Shape;
}

/**
 * How an accumulator becomes a code, `requant.ts`: `single` rounds once, half towards +∞; `tflite`
 * rounds as TensorFlow Lite's reference kernels do, for models that were quantized for them.
 */
export type Rounding = "single" | "tflite";

/** One integer operation: a float node with its constants quantized. */
export interface QuantizedNode<A extends Attributes = Attributes> {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: A;
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  readonly activation: Activation;
  /** Smallest and largest int8 value it may write: the fused activation in codes. */
  readonly clamp: readonly [number, number];
  /** Present for ops with weights (dense, convolution). */
  readonly linear?: LinearConstants;
  /** What the op's `quantize` made of its parameters, for ops that have one. */
  readonly parameters?: object;
}

/** The constants of an op that multiplies by weights, one entry per output channel. */
export interface LinearConstants {
  /** −127…127, in the float op's layout; −128 too where a model brings it. */
  readonly weights: Int8Array;
  readonly weightShape: Shape;
  /** Real size of one weight step, per output channel. */
  readonly weightScales: Float64Array;
  /** At scale s_x·s_w, before the input's zero point is folded in. */
  readonly bias: Int32Array;
  /** Fixed-point requantization s_x·s_w / s_y = multiplier · 2^(shift − 31); see `requant.ts`. */
  readonly multiplier: Int32Array;
  /** −31…−2 by the rule `single`, −31…30 by `tflite`. */
  readonly shift: Int8Array;
  /**
   * Proof against overflow: no partial sum of the accumulator, in any order, exceeds this in
   * magnitude. At most 2³¹ − 1, else quantization fails.
   */
  readonly bound: Float64Array;
}

/** Name of an activation calibrator. */
export type CalibratorName = "max" | "entropy" | "percentile" | "mse";

/** How activation ranges were found. */
export interface Calibration {
  readonly calibrator: CalibratorName;
  /** Percent of the values kept inside the range; used by `percentile` only. */
  readonly percentile: number;
  /** Number of training samples looked at. */
  readonly samples: number;
}

/** An integer network: what the reference runs and the C program means. */
export interface QuantizedGraph {
  readonly name: string;
  readonly nodes: readonly QuantizedNode[];
  readonly tensors: ReadonlyMap<string, QuantizedTensor>;
  /** Codes of the tensors that never change, by name. */
  readonly constants: ReadonlyMap<string, Int8Array>;
  readonly input: string;
  readonly output: string;
  readonly rounding: Rounding;
  readonly calibration: Calibration;
  readonly notes: readonly string[];
}

/** What a program is made for: cycles, cycles at int8-sized weights, flash, or RAM. */
export type Optimize = "speed" | "balanced" | "size" | "ram";

/** A byte range of the arena and the steps during which it is taken. */
export interface ArenaSlot {
  /** Tensor name, `<layer>.scratch` or `<layer>.state`. */
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  /** First and last node index (inclusive) at which the bytes are live. */
  readonly from: number;
  readonly to: number;
}

/** One layer of the generated program. */
export interface CLayer {
  readonly name: string;
  readonly op: string;
  readonly macs: number;
  /** How it is computed: `generic`, or a kernel under `lib/kernels/`. */
  readonly kernel: string;
  /** Why this kernel, in a few words. */
  readonly why: string;
  /** The C function that runs it; entering it opens the layer's account in the emulator. */
  readonly symbol: string;
  /** The array of its weights, for layers that have any. */
  readonly weightsSymbol: string;
  /** Flash taken by its weights. */
  readonly weightBytes: number;
  /** Arena bytes live while it runs. */
  readonly arenaBytes: number;
}

/** Generated C. */
export interface CProgram {
  readonly name: string;
  /** File name → text: `model.h` and `model.c`. */
  readonly files: ReadonlyMap<string, string>;
  readonly arena: { readonly bytes: number; readonly slots: readonly ArenaSlot[] };
  readonly layers: readonly CLayer[];
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly optimize: Optimize;
  /** True if it keeps state from one inference to the next, and has `model_reset`. */
  readonly stateful: boolean;
}

/** Bytes of flash, by what they hold. */
export interface FlashUse {
  /** Instructions, start-up code included. */
  readonly code: number;
  readonly weights: number;
  /** Biases, multipliers, shifts, vector table and other constants. */
  readonly tables: number;
  readonly total: number;
}

/** Bytes of RAM, by what they hold. */
export interface RamUse {
  readonly arena: number;
  /** Deepest stack from reset on, by the compiler's frame sizes and the call graph. */
  readonly stack: number;
  /** Everything else in .data and .bss, the firmware's input and output buffers included. */
  readonly static: number;
  readonly total: number;
}

/** A linked program for one target. */
export interface Binary {
  readonly target: Target;
  /** ELF executable, or shared object on the host. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly flash: FlashUse;
  readonly ram: RamUse;
  /** First line of `<compiler> --version`. */
  readonly compiler: string;
  /** The compile flags, in order. */
  readonly flags: readonly string[];
}

/** Smallest, mean and largest over the samples of a run. */
export interface Spread {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** Cycles with their provenance. */
export interface Cycles extends Spread {
  /** `modelled`: from a timing table in the emulator. */
  readonly kind: "modelled";
  /** Name of the timing table. */
  readonly table: string;
  /**
   * How far the table is known to be from silicon, or "unvalidated"; for a target with wait states
   * always the latter, and what they are.
   */
  readonly error: string;
}

/** Cost of one layer, mean over the samples; null where the runner cannot tell. */
export interface LayerCost {
  readonly name: string;
  readonly op: string;
  /** How it was computed and why so; absent in records of before there was a choice. */
  readonly kernel?: string;
  readonly why?: string;
  readonly macs: number;
  readonly instructions: number | null;
  readonly cycles: number | null;
}

/** Everything measured for one model on one target. */
export interface RunRecord {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly model: { readonly name: string; readonly format: string; readonly sha256: string };
  readonly target: string;
  readonly runner: "ffi" | "unicorn";
  readonly data: string;
  readonly samples: number;
  /** Fraction of the samples classified correctly, 0…1; null if their classes are not known. */
  readonly accuracy: { readonly float: number; readonly integer: number } | null;
  /** Samples whose output bytes differ from the TypeScript reference. */
  readonly mismatches: number;
  readonly macs: number;
  /** Per inference; null on the host, where they are not counted. */
  readonly instructions: Spread | null;
  /** Per inference; null on the host, which has no cycle model. */
  readonly cycles: Cycles | null;
  /** Time of one inference: modelled cycles over the target's clock, or measured on the host. */
  readonly microseconds: { readonly kind: "modelled" | "measured"; readonly mean: number };
  readonly flash: FlashUse;
  readonly ram: RamUse;
  readonly layers: readonly LayerCost[];
  readonly calibration: Calibration;
  /** What the program was made for; absent in records of before there was a choice. */
  readonly optimize?: Optimize;
  readonly compiler: string;
  readonly flags: readonly string[];
  readonly sha256: { readonly binary: string; readonly target: string };
}

/** A contiguous region of a target's address space. */
export interface MemoryRegion {
  readonly origin: number;
  /** Size in bytes. */
  readonly size: number;
}

/**
 * A target's flash and how fast it is. What is left out means flash without wait states;
 * `docs/timing.md` has the model.
 */
export interface FlashMemory extends MemoryRegion {
  /** Core cycles added to each read of a line that is in no buffer, 0 to 255; 0 unless told. */
  readonly waitStates?: number;
  /** Bytes read at a time, at multiples of as many: 4, 8, 16, 32 or 64; 4 unless told. */
  readonly lineBytes?: number;
  /** Whether the line behind the one being executed is read ahead; `false` unless told. */
  readonly prefetch?: boolean;
  /**
   * Lines of code kept when a branch has had to wait for them, the least recently used given up
   * first, 0 to 1,024; 0 unless told. Needs `prefetch`.
   */
  readonly cacheLines?: number;
  /** Lines of data kept, likewise, 1 to 1,024; 1 unless told. */
  readonly dataLines?: number;
}

/** A target's RAM and how fast it is. */
export interface RamMemory extends MemoryRegion {
  /**
   * Core cycles added to each load and store, and to each word of code that is fetched, 0 to 255;
   * 0 unless told.
   */
  readonly waitStates?: number;
  /**
   * Parts of it that are memories of their own, in any order. If given, accesses that follow each
   * other overlap within one of them, the rest of the RAM, or flash only.
   */
  readonly regions?: readonly RamRegion[];
}

/** A part of a target's RAM that differs from the rest. */
export interface RamRegion extends MemoryRegion {
  /** Core cycles added to each instruction that loads from it, 0 to 255; 0 unless told. */
  readonly loadCycles?: number;
}

/** A core to build for, read from `targets/<name>.json` or a user's own file. */
export interface Target {
  readonly name: string;
  readonly description: string;
  /** What instructions it runs: the machine this tool runs on, Thumb, or RISC-V. */
  readonly isa: "host" | "thumb" | "riscv32" | "riscv64";
  readonly compiler: {
    readonly command: string;
    /** Debian package that holds the command. */
    readonly package: string;
    readonly flags: readonly string[];
  };
  /** Kernel flavours under `firmware/kernels/`, best first; `generic` is always the last resort. */
  readonly kernels: readonly string[];
  readonly runner: "ffi" | "unicorn";
  /** Present unless the runner is `ffi`. */
  readonly emulator?: {
    /** Unicorn's CPU model, e.g. `cortex-m4`. */
    readonly cpu: string;
    /** Timing table under `lib/run/emulator/timing/`. */
    readonly timing: string;
  };
  /** Present unless the runner is `ffi`. */
  readonly clock?: { readonly hz: number; readonly source: string };
  /** Present unless the runner is `ffi`. */
  readonly memory?: {
    readonly flash: FlashMemory;
    readonly ram: RamMemory;
    readonly source: string;
  };
}
