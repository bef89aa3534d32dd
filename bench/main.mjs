/** `npm run bench`: the engine beside its peers. See docs/benchmarks.md. */
import { parseArgs } from 'node:util';
import { ExpectedError, failWith } from '../scripts/setup/expected-error.mjs';
import { seconds } from '../scripts/setup/progress.mjs';
import { endWithCommands } from '../scripts/setup/run-command.mjs';
import { setUp } from './set-up.mjs';

/** In the order they run. */
const BENCHES = ['redis-hits', 'miss', 'stampede'];
const USAGE = `npm run bench [-- <name> …] [-- options]: ${BENCHES.join(', ')}

  --rounds <n>   of each bench, default 5
  --record       writes bench/results/<name>.json and its table in docs/benchmarks.md
  --ms <n>       redis-hits: how long one reader runs at a time, default 500`;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      record: { type: 'boolean', default: false },
      ms: { type: 'string', default: '500' },
    },
  });
  const unknown = positionals.find((name) => !BENCHES.includes(name));
  if (unknown !== undefined) throw new ExpectedError(`There is no bench "${unknown}".\n\n${USAGE}`);
  const options = Object.fromEntries(['rounds', 'ms'].map((name) => [name, wholeNumber(name, values[name])]));
  await setUp();
  // The peers are there only now.
  const [{ runBench }, { describeMachine }, { record }] = await Promise.all([
    import('./run-bench.mjs'),
    import('./describe-machine.mjs'),
    import('./record.mjs'),
  ]);
  const names = positionals.length > 0 ? positionals : BENCHES;
  for (const name of names) {
    const startedMs = Date.now();
    console.log(`\n# ${name}`);
    const machine = await describeMachine();
    const result = await runBench(name, { ...options, tell: (line) => console.log(`  ${line}`) });
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
