/** `npm run bench`: the engine beside its peers. See docs/benchmarks.md. */
import { parseArgs } from 'node:util';
import { ExpectedError, failWith } from '../scripts/setup/expected-error.mjs';
import { seconds } from '../scripts/setup/progress.mjs';
import { endWithCommands } from '../scripts/setup/run-command.mjs';
import { setUp } from './set-up.mjs';

/** In the order they run; those that take long and much memory run only when they are named. */
const BENCHES = ['redis-hits', 'msgpack', 'l1', 'l1-memory', 'miss', 'stampede', 'memory', 'outage', 'faults-off', 'compression', 'bump'];
const NAMED_ONLY = new Set(['bump']);
const USAGE = `npm run bench [-- <name> …] [-- options]: ${BENCHES.join(', ')}

  --rounds <n>   of each bench, default 5
  --record       writes bench/results/<name>.json and its table in docs/benchmarks.md
  --readers <a,b> of redis-hits, miss, stampede and outage: default all; raw and sideboard are always among them
  --ms <n>       redis-hits, msgpack, l1 and faults-off: how long one reader runs in a round (of faults-off: at a time), default 500
  --reads <n>    memory: reads of the growth run, default 10000000
  --keys <n>     bump: keys under the entity, default 10000000 (about 2 GB of memory)`;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      record: { type: 'boolean', default: false },
      readers: { type: 'string' },
      ms: { type: 'string', default: '500' },
      reads: { type: 'string', default: '10000000' },
      keys: { type: 'string', default: '10000000' },
    },
  });
  const unknown = positionals.find((name) => !BENCHES.includes(name));
  if (unknown !== undefined) throw new ExpectedError(`There is no bench "${unknown}".\n\n${USAGE}`);
  const options = Object.fromEntries(['rounds', 'ms', 'reads', 'keys'].map((name) => [name, wholeNumber(name, values[name])]));
  await setUp();
  // The peers are there only now.
  const [{ runBench }, { describeMachine }, { record }, { chooseReaders }] = await Promise.all([
    import('./run-bench.mjs'),
    import('./describe-machine.mjs'),
    import('./record.mjs'),
    import('./readers/open-reader.mjs'),
  ]);
  const readers = chooseReaders(values.readers);
  const names = positionals.length > 0 ? positionals : BENCHES.filter((name) => !NAMED_ONLY.has(name));
  for (const name of names) {
    const startedMs = Date.now();
    console.log(`\n# ${name}`);
    const machine = await describeMachine();
    const result = await runBench(name, { ...options, readers, tell: (line) => console.log(`  ${line}`) });
    const date = new Date(startedMs).toISOString().slice(0, 10);
    const command = `npm run bench -- ${[name, ...process.argv.slice(2).filter((word) => !BENCHES.includes(word) && word !== '--record')].join(' ')}`;
    console.log(`\n${result.markdown}\n`);
    for (const { what, limit, value, held } of result.holds) console.log(`${held ? '✓' : '✗'} ${what}: ${value} (hold ${limit})`);
    if (values.record) await record(name, { bench: name, date, command, rounds: options.rounds, machine, ...result });
    console.log(`(${seconds(Date.now() - startedMs)})`);
  }
}

function wholeNumber(name, text) {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new ExpectedError(`--${name} must be a whole number, not "${text}"\n\n${USAGE}`);
  return Number(text);
}

endWithCommands();
main().then(() => process.exit(0), failWith);
