/** Next calls this once in each runtime before the first request; the console lives in Node alone. */
export async function register(): Promise<void> {
  // biome-ignore lint/style/noProcessEnv: Next replaces it at build time, which keeps the server out of the edge bundle
  if (process.env['NEXT_RUNTIME'] !== 'nodejs') return;
  const { startContainer } = await import('./server/start-container.ts');
  await startContainer();
}
