import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';

const text = z.string().nullable();
const spoolLine = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('row'),
    row: z.object({
      id: z.string(),
      atMs: z.number(),
      actorId: z.string(),
      actorName: z.string(),
      actorRole: z.string(),
      action: z.string(),
      target: z.string(),
      input: text.optional(),
      outcome: z.enum(['pending', 'denied']),
      reason: text.optional(),
    }),
  }),
  z.object({
    op: z.literal('result'),
    result: z.object({
      id: z.string(),
      outcome: z.enum(['done', 'failed']),
      doneAtMs: z.number(),
      before: text,
      after: text,
      reason: text,
    }),
  }),
]);
export type SpoolLine = z.input<typeof spoolLine>;

/** Audit lines that wait on this machine's disk for the database. */
export interface AuditSpool {
  /** Resolves once the line is on the disk. */
  append(line: SpoolLine): Promise<void>;
  /** True while the row of this id waits here. */
  holds(id: string): boolean;
  /** Gives each line to `take` in order and forgets them; what `take` rejects stays for the next time. */
  drain(take: (line: SpoolLine) => Promise<void>): Promise<void>;
}

const SPOOL_BYTES_MAX = 16 * 1024 * 1024;

/** Append-only JSON lines under `folder`, each flushed to the disk before the act that it announces. */
export function openAuditSpool(folder: string): AuditSpool {
  const file = path.join(folder, 'audit-spool.jsonl');
  const draining = `${file}.draining`;
  const waiting = new Set<string>();
  let turn: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = turn.then(work, work);
    turn = next;
    // The failure belongs to the caller of this turn; the next turn starts all the same.
    next.catch(() => undefined);
    return next;
  }

  async function write(line: SpoolLine): Promise<void> {
    await mkdir(folder, { recursive: true });
    if ((await sizeOf(file)) > SPOOL_BYTES_MAX) throw new Error(`the audit spool holds over ${SPOOL_BYTES_MAX} bytes: ${file}`);
    const handle = await open(file, 'a', 0o600);
    try {
      await handle.appendFile(`${JSON.stringify(line)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (line.op === 'row') waiting.add(line.row.id);
  }

  async function empty(take: (line: SpoolLine) => Promise<void>): Promise<void> {
    // What an earlier run had begun comes first; taking a line twice is harmless.
    if ((await sizeOf(draining)) === 0) {
      if ((await sizeOf(file)) === 0) return;
      await rename(file, draining);
    }
    for (const raw of (await readFile(draining, 'utf8')).split('\n')) {
      const line = parse(raw);
      if (line !== null) await take(line);
    }
    await rm(draining);
    waiting.clear();
    if ((await sizeOf(file)) > 0) await empty(take);
  }

  return {
    append: (line) => inTurn(() => write(line)),
    holds: (id) => waiting.has(id),
    drain: (take) => inTurn(() => empty(take)),
  };
}

/** A line that a crash cut short is no line. */
function parse(raw: string): SpoolLine | null {
  try {
    return spoolLine.parse(JSON.parse(raw));
  } catch {
    return null;
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch {
    // No such file: nothing waits.
    return 0;
  }
}
