import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAuditSpool, type SpoolLine } from './audit-spool.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'sideboard-spool-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const actor = { actorId: '1', actorName: 'ada', actorRole: 'admin' };
const row = (id: string): SpoolLine => ({ op: 'row', row: { id, atMs: 1, ...actor, action: 'lab.stop', target: 'x', outcome: 'pending' } });
const result = (id: string): SpoolLine => ({
  op: 'result',
  result: { id, outcome: 'done', doneAtMs: 2, before: null, after: null, reason: null },
});
const ids = (lines: SpoolLine[]) => lines.map((line) => (line.op === 'row' ? line.row.id : line.result.id));

describe('the spool', () => {
  it('survives its process, keeps its order, and is empty once it was taken', async () => {
    const first = openAuditSpool(folder);
    await Promise.all([first.append(row('a')), first.append(result('a')), first.append(row('b'))]);
    expect([first.holds('a'), first.holds('z')]).toEqual([true, false]);
    const taken: SpoolLine[] = [];
    const take = async (line: SpoolLine) => void taken.push(line);
    const later = openAuditSpool(folder);
    await later.drain(take);
    expect(ids(taken)).toEqual(['a', 'a', 'b']);
    await later.drain(take);
    expect(taken).toHaveLength(3);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keeps what could not be taken, and new lines come after it', async () => {
    const spool = openAuditSpool(folder);
    await spool.append(row('a'));
    await expect(spool.drain(() => Promise.reject(new Error('still down')))).rejects.toThrow('still down');
    await spool.append(row('b'));
    const taken: SpoolLine[] = [];
    await spool.drain(async (line) => void taken.push(line));
    expect(ids(taken)).toEqual(['a', 'b']);
  });

  it('a line that a crash cut short is left out', async () => {
    const spool = openAuditSpool(folder);
    await spool.append(row('a'));
    appendFileSync(path.join(folder, 'audit-spool.jsonl'), '{"op":"row","row":{"id":"b"');
    const taken: SpoolLine[] = [];
    await spool.drain(async (line) => void taken.push(line));
    expect(ids(taken)).toEqual(['a']);
  });
});
