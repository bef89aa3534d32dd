/* `npm run sign-in-link`: prints another one-time link to the console that runs on this data folder. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ExpectedError, failWith } from './setup/expected-error.mjs';
import { dataFolder } from './setup/paths.mjs';
import { isAlive } from './supervisor/process-identity.mjs';
import { requestSignInLink } from './supervisor/request-sign-in-link.mjs';
import { readRunFile } from './supervisor/run-file.mjs';

const ROLES = ['viewer', 'operator', 'admin'];
const USAGE = 'npm run sign-in-link -- [--name ada] [--role viewer|operator|admin]';

function readOptions() {
  try {
    const { values } = parseArgs({
      options: { name: { type: 'string' }, role: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.role !== undefined && !ROLES.includes(values.role)) throw new Error(`--role must be one of ${ROLES.join(', ')}`);
    return values;
  } catch (error) {
    throw new ExpectedError(`${error.message}\n${USAGE}`);
  }
}

async function main() {
  const { name, role, help } = readOptions();
  if (help) return console.log(USAGE);
  const folder = dataFolder();
  const state = readRunFile(folder);
  if (state === null || !isAlive(state.supervisor)) throw new ExpectedError(`Nothing runs on ${folder}. npm start starts the console.`);
  if (!state.ready) throw new ExpectedError('The console is still starting. Ask again in a moment.');
  const file = path.join(folder, 'secret');
  const secret = process.env.SIDEBOARD_SECRET || (existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
  if (secret === '') throw new ExpectedError('Give SIDEBOARD_SECRET the value that the console was started with.');
  console.log(await requestSignInLink(state.url, secret, { ...(name && { name }), ...(role && { role }) }));
}

main().catch(failWith);
