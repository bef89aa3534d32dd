import { buildContainer } from './container.ts';
import { replaceContainer } from './container-slot.ts';
import { EnvError, isBuilding, readEnv } from './env.ts';

/** Called once by Next before the first request. Wrong settings end the process with one line each. */
export async function startContainer(): Promise<void> {
  if (isBuilding()) return;
  try {
    const built = await buildContainer(readEnv());
    await replaceContainer(built)?.close();
    // Next waits for open responses before it ends; the live streams would never end by themselves.
    const end = () => void built.close();
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    process.exit(1);
  }
}
