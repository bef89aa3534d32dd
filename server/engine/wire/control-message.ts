import * as z from 'zod';

const replyTo = z.string().max(1_000);

/** Sent on the channel sideboard:<env>:<service>:control. Instances act, then answer on `replyTo`. Losing one costs at most a heartbeat: the documents are read each second too. */
export const controlMessage = z.discriminatedUnion('t', [
  z.object({ t: z.literal('policies'), rev: z.int(), replyTo }),
  z.object({ t: z.literal('faults'), rev: z.int(), replyTo }),
  z.object({ t: z.literal('bump'), entity: z.string(), rev: z.string(), replyTo }),
]);
export type ControlMessage = z.infer<typeof controlMessage>;

/** Sent to `replyTo`: this instance applies it now. `of` repeats the message's `t`, `rev` its revision. */
export const controlAck = z.object({
  t: z.literal('ack'),
  of: z.enum(['policies', 'faults', 'bump']),
  rev: z.string().max(32),
  entity: z.string().optional(),
  instance: z.string().max(64),
});
export type ControlAck = z.infer<typeof controlAck>;
