import type { Container } from './container.ts';

/** Instrumentation and routes are separate module graphs in one process: this is where they meet. */
const slot = Symbol.for('sideboard');

function place(): { [slot]?: Container } {
  return globalThis as { [slot]?: Container };
}

/** The one container of this process. Throws where none was built, as during `next build`. */
export function container(): Container {
  const found = place()[slot];
  if (found === undefined) throw new Error('the console has not started');
  return found;
}

/** Puts it in its place and returns the one that was there. */
export function replaceContainer(next: Container): Container | undefined {
  const before = place()[slot];
  place()[slot] = next;
  return before;
}
