/**
 * `npm start`: sets up what is missing, then starts, watches and ends every process of Sideboard on one data folder.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from '../setup/build.mjs';
import { installDependencies } from '../setup/dependencies.mjs';
import { ExpectedError, failWith } from '../setup/expected-error.mjs';
import { findRedis } from '../setup/find-redis.mjs';
import { root } from '../setup/paths.mjs';
import { assertPortFree, choosePort } from '../setup/ports.mjs';
import { seconds, step } from '../setup/progress.mjs';
import { endCommands } from '../setup/run-command.mjs';
import { superviseChild } from './child.mjs';
import { openChildLog } from './child-log.mjs';
import { consoleChild, embeddedPostgresUrl, embeddedRedisUrl, postgresChild, redisChild, SHOPS, shopChild } from './children.mjs';
import { endLeftovers } from './end-leftovers.mjs';
import { takeLock } from './lock.mjs';
import { identityOf } from './process-identity.mjs';
import { awaitSignInLink } from './request-sign-in-link.mjs';
import { removeRunFile, writeRunFile } from './run-file.mjs';
import { makeFolders, readSettings, secretOf } from './settings.mjs';

const READY_MS_MAX = 90_000;
/** A child that ended so often before it was ready for the first time will not become ready. */
const FAILURES_MAX = 3;
/** Those that use a server end first: together with the servers that is within 5 s. */
const USERS_END_MS_MAX = 2_200;
const SERVERS_END_MS_MAX = 1_500;
/** The console runs without its store too: then it says so instead of a link. */
const LINK_MS_MAX = 12_000;
const ORPHAN_LOOK_MS = 500;

export async function main() {
  const startedMs = Date.now();
  const sideboard = { children: new Map(), release: () => {}, folder: null, stopping: null };
  listenForTheEnd(sideboard);
  try {
    await start(sideboard, startedMs);
  } catch (error) {
    if (sideboard.stopping !== null) return;
    await stop(sideboard);
    failWith(error);
  }
}

async function start(sideboard, startedMs) {
  const settings = readSettings(process.env);
  makeFolders(settings.folder);
  sideboard.release = takeLock(settings.folder);
  await endLeftovers(settings.folder, report);
  await assertPortFree(settings.port, settings.host);
  console.log('Sideboard is starting.');
  for (const warning of settings.warnings) report(warning);
  const secret = secretOf(settings.folder, process.env);

  await installDependencies();
  const redisProgram = settings.embedsRedis ? await findRedis() : null;
  await build();
  if (sideboard.stopping !== null) return;

  const ports = await keptPorts(settings.folder);
  const urls = {
    redis: settings.embedsRedis ? embeddedRedisUrl(ports.redis, secret) : null,
    store: settings.embedsStore ? embeddedPostgresUrl('store', ports.store, secret) : null,
    origin: settings.embedsOrigin ? embeddedPostgresUrl('origin', ports.origin, secret) : null,
  };
  const state = { ready: false };
  sideboard.folder = settings.folder;
  sideboard.changed = () => {
    const children = Object.fromEntries([...sideboard.children].map(([name, child]) => [name, child.describe()]));
    writeRunFile(settings.folder, {
      supervisor: identityOf(process.pid),
      url: settings.url,
      port: settings.port,
      ready: state.ready,
      urls,
      children,
    });
  };
  const run = (spec) => runChild(sideboard, spec);

  const servers = [];
  if (redisProgram !== null) servers.push(run(redisChild({ program: redisProgram, folder: settings.folder, port: ports.redis, secret })));
  if (settings.embedsStore) servers.push(run(postgresChild({ name: 'store', folder: settings.folder, port: ports.store, secret })));
  if (settings.embedsOrigin) servers.push(run(postgresChild({ name: 'origin', folder: settings.folder, port: ports.origin, secret })));
  // Of a Redis and a Postgres of the reader's own there is nothing to start, and nothing to tell.
  if (servers.length > 0) await step('starting the servers', () => Promise.all(servers.map(untilReady)));
  if (sideboard.stopping !== null) return;
  if (settings.runsDemo) for (let index = 0; index < SHOPS; index += 1) run(shopChild({ index, urls }));
  await step('starting the console', () => untilReady(run(consoleChild({ settings, secret, urls }))));
  if (sideboard.stopping !== null) return;
  state.ready = true;
  sideboard.changed();
  const link = await awaitSignInLink(settings.url, secret, {}, LINK_MS_MAX);
  if (sideboard.stopping !== null) return;
  console.log(`\nSideboard is running at ${process.env.SIDEBOARD_URL || settings.url} after ${seconds(Date.now() - startedMs)}.`);
  if ('url' in link) console.log(`Sign in, once, with:  ${link.url}`);
  else report(`There is no sign-in link yet. ${link.problem}`);
  console.log(`npm run sign-in-link prints ${'url' in link ? 'another link' : 'one'}. Ctrl-C ends everything.\n`);
}

/** The ports of the embedded servers, chosen at the first start and kept while they are free. */
async function keptPorts(folder) {
  const file = path.join(folder, 'ports.json');
  const kept = readPorts(file);
  const chosen = {};
  for (const name of ['redis', 'store', 'origin']) chosen[name] = await choosePort(kept[name], new Set(Object.values(chosen)));
  writeFileSync(file, `${JSON.stringify(chosen)}\n`);
  return chosen;
}

function readPorts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return {};
    throw error;
  }
}

function runChild(sideboard, spec) {
  const logs = path.join(sideboard.folder, 'logs');
  mkdirSync(logs, { recursive: true });
  const child = superviseChild(spec, {
    cwd: root,
    holdFile: path.join(sideboard.folder, 'hold', spec.name),
    log: openChildLog(logs, spec.name),
    report,
    changed: () => sideboard.changed(),
  });
  sideboard.children.set(spec.name, child);
  return child;
}

/** Resolves when the child is ready; rejects with what its log says when it does not get there. */
async function untilReady(child) {
  const startedMs = Date.now();
  let timer;
  const gaveUp = new Promise((_, reject) => {
    timer = setInterval(() => {
      const late = Date.now() - startedMs > READY_MS_MAX;
      if (!late && child.failures() < FAILURES_MAX) return;
      const why = late ? `was not ready in ${seconds(READY_MS_MAX)}` : `ended ${FAILURES_MAX} times before it was ready`;
      reject(new ExpectedError(`${child.log.lastLines().join('\n')}\n\nThe ${child.name} ${why}. Its log: ${child.log.file}`));
    }, 100);
  });
  try {
    await Promise.race([child.ready, gaveUp]);
  } finally {
    clearInterval(timer);
  }
}

function listenForTheEnd(sideboard) {
  const end = (code) => {
    if (sideboard.stopping !== null) return;
    console.log('\nSideboard is ending.');
    stop(sideboard)
      .then(() => process.exit(code))
      .catch(failWith);
  };
  process.on('SIGINT', () => {
    if (sideboard.stopping !== null) for (const child of sideboard.children.values()) child.kill();
    end(130);
  });
  process.on('SIGTERM', () => end(143));
  process.on('SIGHUP', () => end(129));
  // npm passes signals on to its shell, and a killed npm to nobody: without npm there is nobody left to end us.
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end(143);
  }, ORPHAN_LOOK_MS).unref();
}

function stop(sideboard) {
  sideboard.stopping ??= endAll(sideboard);
  return sideboard.stopping;
}

async function endAll({ children, folder, release }) {
  await endCommands();
  const servers = new Set(['redis', 'store', 'origin']);
  const all = [...children.values()];
  await Promise.all(all.filter((child) => !servers.has(child.name)).map((child) => child.stop(USERS_END_MS_MAX)));
  await Promise.all(all.filter((child) => servers.has(child.name)).map((child) => child.stop(SERVERS_END_MS_MAX)));
  if (folder !== null) removeRunFile(folder);
  release();
}

function report(line) {
  console.log(`  ! ${line}`);
}
