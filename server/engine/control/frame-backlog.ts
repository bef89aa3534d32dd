import type { Frame } from '../wire/frame.ts';

/** Two minutes: an outage that is longer loses its oldest seconds. */
const framesMax = 120;

/** Frames that Redis has not acknowledged, oldest first. They keep their own time, so a chart fills in after an outage. */
export class FrameBacklog {
  readonly #frames: Frame[] = [];

  add(frame: Frame): void {
    this.#frames.push(frame);
    if (this.#frames.length > framesMax) this.#frames.shift();
  }

  waiting(): readonly Frame[] {
    return [...this.#frames];
  }

  /** Takes out what Redis has acknowledged. */
  written(frames: readonly Frame[]): void {
    const done = new Set(frames);
    let kept = 0;
    for (const frame of this.#frames) if (!done.has(frame)) this.#frames[kept++] = frame;
    this.#frames.length = kept;
  }
}
