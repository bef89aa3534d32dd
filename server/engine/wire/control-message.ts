import * as z from 'zod';
import { explainIdLengthMax, instanceExplanation } from './explained.ts';

const replyTo = z.string().max(1_000);
const instance = z.string().max(64);
const rev = z.string().max(32);

/** Instances that one question may name: what is asked of a fleet is asked of a few. */
export const explainersMax = 8;

/** Sent on the channel sideboard:<env>:<service>:control. Instances act, then answer on `replyTo`. Losing one costs at most a heartbeat: the documents are read each second too. */
export const controlMessage = z.discriminatedUnion('t', [
  z.object({ t: z.literal('policies'), rev: z.int(), replyTo }),
  z.object({ t: z.literal('faults'), rev: z.int(), replyTo }),
  z.object({ t: z.literal('bump'), entity: z.string(), rev: z.string(), replyTo }),
  /** Changes nothing. `rev` names the question; the instances that it names answer. */
  z.object({
    t: z.literal('explain'),
    rev,
    entity: z.string().min(1).max(200),
    id: z.string().min(1).max(explainIdLengthMax),
    instances: z.array(instance).max(explainersMax),
    replyTo,
  }),
]);
export type ControlMessage = z.infer<typeof controlMessage>;
export type ExplainMessage = Extract<ControlMessage, { t: 'explain' }>;

/** Sent to `replyTo`: this instance applies it now. `of` repeats the message's `t`, `rev` its revision. */
const controlAck = z.object({
  t: z.literal('ack'),
  of: z.enum(['policies', 'faults', 'bump']),
  rev,
  entity: z.string().optional(),
  instance,
});
export type ControlAck = z.infer<typeof controlAck>;

/** Sent to `replyTo` of an `explain`: where the key stands for this instance. `rev` repeats the question's. */
const controlExplained = z.object({ t: z.literal('explained'), rev, instance, explanation: instanceExplanation });
export type ControlExplained = z.infer<typeof controlExplained>;

/** What arrives on `replyTo`. */
export const controlAnswer = z.discriminatedUnion('t', [controlAck, controlExplained]);
export type ControlAnswer = z.infer<typeof controlAnswer>;
