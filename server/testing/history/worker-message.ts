import * as z from 'zod';
import type { HistoryEvent } from './history-event.ts';
import type { Scenario } from './scenario.ts';

/** What a process of the workload is started with, as JSON in its first argument. */
export interface WorkerOrders {
  readonly name: string;
  readonly seed: string;
  /** Folder of the built engine. */
  readonly engineDir: string;
  readonly redisUrl: string;
  readonly scenario: Scenario;
}

export const toWorker = z.discriminatedUnion('t', [
  z.object({ t: z.literal('answers'), answers: z.array(z.object({ ask: z.int(), seq: z.int() })) }),
  z.object({ t: z.literal('shift-clock'), shiftMs: z.number() }),
  /** The event loop gets no turn for this long: in a loop that does nothing, or in one that reads what the process answers by itself. */
  z.object({ t: z.literal('block'), forMs: z.number(), by: z.enum(['nothing', 'reads']) }),
  z.object({ t: z.literal('stop') }),
]);
export type ToWorker = z.infer<typeof toWorker>;

const asks = z.array(z.object({ ask: z.int(), key: z.string(), write: z.boolean() }));
export type OriginAsk = z.infer<typeof asks>[number];

export const fromWorker = z.discriminatedUnion('t', [
  z.object({ t: z.literal('ready') }),
  z.object({ t: z.literal('asks'), asks }),
  /** All that ended up to `upToUs`, and nothing that was in an earlier one. `events` are those of our own worker: 10,000 a second are not parsed again. */
  z.object({ t: z.literal('events'), upToUs: z.number(), events: z.array(z.custom<HistoryEvent>()), operations: z.int() }),
  z.object({ t: z.literal('stopped') }),
  z.object({ t: z.literal('problem'), text: z.string() }),
]);
export type FromWorker = z.infer<typeof fromWorker>;
