/** All callers of this process ask for one cold key at `atMs` of the machine's clock. */
export async function joinStampede(reader, { callers, id, delayMs, atMs }, origin) {
  origin.delayMs = delayMs;
  const before = origin.calls;
  await new Promise((resolve) => setTimeout(resolve, atMs - Date.now()));
  const startedMs = performance.now();
  const ends = await Promise.all(
    Array.from({ length: callers }, async () => {
      await reader.read(id);
      return performance.now() - startedMs;
    }),
  );
  origin.tookMs.clear();
  return { originCalls: origin.calls - before, slowestMs: Math.max(...ends) };
}
