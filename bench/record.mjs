import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { programs, root } from '../scripts/setup/paths.mjs';
import { runNode } from '../scripts/setup/run-command.mjs';

const DOCS = path.join(root, 'docs/benchmarks.md');

/** Writes a result as JSON, and its table into the figures' page between the marks of its name. */
export async function record(name, result) {
  const { markdown, ...figures } = result;
  await writeFile(path.join(import.meta.dirname, 'results', `${name}.json`), `${JSON.stringify(figures, null, 1)}\n`);
  const { machine, date, command, holds } = figures;
  const held = holds
    .map(({ what, limit, value, held }) => `- ${what}: ${value} (hold ${limit}: ${held ? 'held' : '**not held**'})`)
    .join('\n');
  const place = `${date}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, Redis ${machine.redis}: \`${command}\` ([raw](../bench/results/${name}.json)).`;
  const page = await readFile(DOCS, 'utf8');
  const [begin, end] = [`<!-- bench ${name} -->`, `<!-- end ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no place for ${name}: ${begin} ${end}`);
  await writeFile(DOCS, `${page.slice(0, from + begin.length)}\n${place}\n\n${held}\n\n${markdown}\n\n${page.slice(to)}`);
  await runNode(programs.biome, ['format', '--write', DOCS]);
}
