import { UserError } from "../errors.ts";

/** A layer of a model that intnic cannot deploy. */
export interface UnsupportedLayer {
  /** As the model names it. */
  readonly name: string;
  /** Its class or operator in the model's own format, e.g. `Conv3D`. */
  readonly kind: string;
  /** A full sentence that names the layer. */
  readonly reason: string;
}

/** Reasons that a message has room for. */
const MOST_REASONS = 100;

/** Everything about one model that cannot be deployed, gathered in one go. */
export class UnsupportedError extends UserError {
  readonly layers: readonly UnsupportedLayer[];

  constructor(model: string, layers: readonly UnsupportedLayer[]) {
    const reasons = layers.slice(0, MOST_REASONS).map(({ reason }) => reason);
    if (layers.length > MOST_REASONS) {
      reasons.push(`And ${layers.length - MOST_REASONS} more.`);
    }
    super(
      reasons.length === 1
        ? reasons[0]!
        : `${layers.length} layers of ${model} cannot be deployed:\n- ${reasons.join("\n- ")}`,
    );
    this.layers = layers;
  }
}

/**
 * Gathers what an importer cannot deploy, so that a user learns of all of it at once. The importer
 * wraps each layer's conversion in `attempt`, goes on with the layers whose inputs are known, and
 * calls `end` before anything that needs the whole graph.
 */
export class Unsupported {
  readonly #layers: UnsupportedLayer[] = [];

  /** What `convert` gives, or undefined if it throws a `UserError`, which is then kept. */
  attempt<T>(name: string, kind: string, convert: () => T): T | undefined {
    try {
      return convert();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#layers.push({ name, kind, reason: error.message });
      return undefined;
    }
  }

  /** @throws {UnsupportedError} if any layer failed */
  end(model: string): void {
    if (this.#layers.length > 0) throw new UnsupportedError(model, this.#layers);
  }
}
