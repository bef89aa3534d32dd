import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildEngine } from '../build-engine.ts';
import { type RedisServer, startRedisServer } from '../redis-server.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const guides = path.join(root, 'docs/guides');
/** Within the repository, so that imports are found as a service would find them. */
const scratch = path.join(root, 'node_modules/.cache/guides');
const names = readdirSync(guides).map((file) => file.replace(/\.md$/, ''));
const source = (name: string) => path.join(scratch, `${name}.ts`);

let server: RedisServer;
beforeAll(async () => {
  await buildEngine();
  server = await startRedisServer();
  mkdirSync(scratch, { recursive: true });
  for (const name of names) {
    const blocks = [...readFileSync(path.join(guides, `${name}.md`), 'utf8').matchAll(/^```ts\n(.*?)^```/gms)];
    writeFileSync(source(name), blocks.map(([, block = '']) => block).join('\n'));
  }
});
afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  await server.stop();
});

describe('the snippets of the guides', () => {
  it('compile', () => {
    const program = ts.createProgram(names.map(source), {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      moduleDetection: ts.ModuleDetectionKind.Force,
      lib: ['lib.es2023.d.ts'],
      types: ['node'],
      typeRoots: [path.join(root, 'node_modules/@types')],
      esModuleInterop: true,
    });
    const problems = ts
      .getPreEmitDiagnostics(program)
      .map((one) => `${path.basename(one.file?.fileName ?? '')}: ${ts.flattenDiagnosticMessageText(one.messageText, '\n')}`);
    expect(problems).toEqual([]);
  });

  it.each(names)('%s: run to their end against a real Redis', async (name) => {
    const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
    const script = path.join(scratch, `${name}.mjs`);
    writeFileSync(script, ts.transpileModule(readFileSync(source(name), 'utf8'), { compilerOptions: options }).outputText);
    const { stderr } = await promisify(execFile)(process.execPath, ['--unhandled-rejections=strict', script], {
      env: { NODE_ENV: 'production', PATH: '/usr/bin:/bin', REDIS_URL: server.url },
      timeout: 30_000,
    });
    expect(stderr).toBe('');
  });
});
