/** `12.3 s` */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Tells of one step: a line when it begins, if it takes long enough to wonder, and a line with its time when it is done.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} run
 * @returns {Promise<T>} rejects with what `run` rejected with, after a line that says so
 */
export async function step(what, run) {
  const startedMs = Date.now();
  const wonder = setTimeout(() => console.log(`  … ${what}`), 700);
  const still = setInterval(() => console.log(`  … ${what}: ${seconds(Date.now() - startedMs)}`), 15_000);
  try {
    const result = await run();
    console.log(`  ✓ ${what} (${seconds(Date.now() - startedMs)})`);
    return result;
  } catch (error) {
    console.log(`  ✗ ${what} (${seconds(Date.now() - startedMs)})`);
    throw error;
  } finally {
    clearTimeout(wonder);
    clearInterval(still);
  }
}
