import { KEYS_MAX, SHAPE_LENGTH_MAX, STRUCTURES_MAX, type StructureSet, type Structures } from './structure-set.ts';

/** Shapes that were seen once; the oldest is forgotten first. */
const SEEN_MAX = 512;

/** Which shapes are worth a place in the set: those that come again. An object whose keys are data has a new shape each time, and would fill the set with what nobody meets twice. */
export class ShapeBook {
  readonly #seen = new Set<string>();
  #known: ReadonlySet<string> = new Set();
  #learned: readonly string[][] = [];
  #full = false;

  /** The set in use: what it holds need not be learned. */
  use(set: StructureSet): void {
    const held = new Set(set.structures.map((keys) => keys.join('\0')));
    this.#full = set.structures.length >= STRUCTURES_MAX;
    this.#learned = this.#full ? [] : this.#learned.filter((keys) => !held.has(keys.join('\0')));
    this.#known = new Set([...held, ...this.#learned.map((keys) => keys.join('\0'))]);
  }

  readonly see = (keys: readonly string[]): void => {
    if (this.#full || keys.length === 0 || keys.length > KEYS_MAX) return;
    const shape = keys.join('\0');
    if (this.#known.has(shape)) return;
    if (this.#seen.delete(shape)) {
      this.#known = new Set([...this.#known, shape]);
      if (JSON.stringify(keys).length <= SHAPE_LENGTH_MAX && this.#learned.length < STRUCTURES_MAX)
        this.#learned = [...this.#learned, [...keys]];
      return;
    }
    if (this.#seen.size >= SEEN_MAX) for (const oldest of this.#seen) if (this.#seen.delete(oldest)) break;
    this.#seen.add(shape);
  };

  /** Shapes that the set lacks and that came again. */
  get learned(): Structures {
    return this.#learned;
  }
}
