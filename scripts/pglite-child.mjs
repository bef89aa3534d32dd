/**
 * One embedded Postgres as a process of its own: `node scripts/pglite-child.mjs <folder> <port>`, password in PGLITE_PASSWORD.
 * In the console's process its queries would stall the event loop.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createFront } from './pglite/front.mjs';

const [folder, port] = process.argv.slice(2);
const password = process.env.PGLITE_PASSWORD ?? '';

if (port === '--create') await create(folder);
else if (folder === undefined || !/^\d+$/.test(port ?? '') || password === '') {
  console.error('usage: PGLITE_PASSWORD=... node scripts/pglite-child.mjs <folder> <port>');
  process.exit(2);
} else await serve(folder, Number(port), password);

/** Makes the database beside its place and moves it there whole: a start that is ended half-way leaves nothing to trip over. */
async function create(folder) {
  const unfinished = `${folder}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const db = await PGlite.create(unfinished);
  await db.close();
  await rename(unfinished, folder);
}

async function serve(folder, port, password) {
  const startedMs = Date.now();
  let stop = async () => {};
  let ending = null;
  const end = () => {
    ending ??= stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);

  // Creating takes 500 MB that the process would keep: so another one does it.
  if (!existsSync(path.join(folder, 'PG_VERSION'))) {
    const creator = spawn(process.execPath, [import.meta.filename, folder, '--create'], { stdio: 'inherit' });
    const [code] = await once(creator, 'exit');
    if (code !== 0) process.exit(code ?? 1);
  }
  const db = await PGlite.create(folder);
  const front = createFront(db, { password, report: (line) => console.error(line) });
  stop = async () => {
    await front.close();
    await db.close();
  };
  if (ending !== null) await stop();
  else await front.listen(port, '127.0.0.1');
  console.log(`ready on port ${port} after ${Date.now() - startedMs} ms, ${Math.round(process.memoryUsage().rss / 1024 / 1024)} MB`);
}
