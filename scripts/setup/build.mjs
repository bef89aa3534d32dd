import { existsSync } from 'node:fs';
import path from 'node:path';
import { ExpectedError } from './expected-error.mjs';
import { programs, root } from './paths.mjs';
import { step } from './progress.mjs';
import { runNode } from './run-command.mjs';
import { hashSources, isStamped, writeStamp } from './stamp.mjs';

const SHARED = ['package-lock.json', 'package.json', 'tsconfig.json'];
/** What is built, in order: each from its sources, beside its result. */
const PARTS = [
  {
    what: 'building the engine and the demo',
    sources: [...SHARED, 'server/engine', 'server/demo'],
    stamp: 'server/demo/dist/.sideboard-built',
    result: ['server/engine/dist/index.js', 'server/demo/dist/shop.js'],
    program: programs.tsc,
    args: ['-b', 'server/demo'],
  },
  {
    what: 'building the console',
    sources: [...SHARED, 'app', 'components', 'server', 'public', 'next.config.js', 'proxy.ts', 'instrumentation.ts', 'postcss.config.mjs'],
    stamp: '.next/sideboard-built',
    result: ['.next/BUILD_ID'],
    program: programs.next,
    args: ['build'],
  },
];

/** Builds what changed since it was last built. */
export async function build() {
  for (const part of PARTS) {
    const hash = await hashSources(part.sources);
    const isThere = part.result.every((file) => existsSync(path.join(root, file)));
    if (isThere && (await isStamped(part.stamp, hash))) continue;
    await step(part.what, async () => {
      const { code, output } = await runNode(part.program, part.args, { env: { NODE_ENV: undefined, NEXT_TELEMETRY_DISABLED: '1' } });
      if (code !== 0) throw new ExpectedError(`${output.trim()}\n\n${part.what} failed (code ${code}).`);
      await writeStamp(part.stamp, hash);
    });
  }
}
