import * as z from 'zod';

/** No fault lives longer, whatever its order says. */
export const FAULT_MS_MAX: number = 15 * 60_000;
/** Orders in one document. */
export const ORDERS_MAX = 8;

const dataRole = z.enum(['read', 'write', 'lease']);
const role = z.enum(['read', 'write', 'lease', 'subscriber']);

const common = {
  id: z.string().min(1).max(64),
  /** Redis time, ms since 1970. An instance ends the fault then, whoever is dead. */
  endsAt: z.int().positive(),
  /** Of the instances, chosen by `choosesInstance`. */
  instancesPercent: z.int().min(1).max(100).default(100),
  /** How often it strikes: of connections, chunks, replies, commands, reads or loads, as each kind says. */
  probability: z.number().gt(0).max(1).default(1),
};
/** At the sockets: whose. */
const roles = { roles: z.array(role).min(1).max(4).default(['read', 'write', 'lease', 'subscriber']) };
const direction = z.enum(['to-redis', 'from-redis', 'both']);
const latency = { latencyMs: z.int().min(1).max(10_000), jitterMs: z.int().min(0).max(10_000).default(0) };

/**
 * One simulated failure of this service's instances. Strict: an instance that does not know a field would not honour
 * it, and fail more than was meant.
 */
export const faultOrder = z.discriminatedUnion('kind', [
  /** Connections are cut, and refused from then on. Strikes per connection. */
  z.strictObject({ kind: z.literal('refuse'), ...roles, ...common }),
  /** Bytes are lost and nobody is told; with both directions connects are not answered either. Per connection. */
  z.strictObject({ kind: z.literal('black-hole'), direction: direction.default('both'), ...roles, ...common }),
  /** Each chunk comes later, in order. Per chunk. */
  z.strictObject({ kind: z.literal('latency'), direction: direction.default('from-redis'), ...latency, ...roles, ...common }),
  /** Per connection. */
  z.strictObject({
    kind: z.literal('bandwidth'),
    direction: direction.default('from-redis'),
    bytesPerSecond: z.int().min(128).max(1_000_000_000),
    ...roles,
    ...common,
  }),
  /** The connection is reset in the middle of a reply. Per chunk that arrives. */
  z.strictObject({ kind: z.literal('reset'), ...roles, ...common }),
  /** Commands that a server in this state refuses are answered with its error, and never reach Redis. Per command. */
  z.strictObject({
    kind: z.literal('error-reply'),
    error: z.enum(['READONLY', 'OOM', 'LOADING', 'CLUSTERDOWN', 'BUSY']),
    roles: z.array(dataRole).min(1).max(3).default(['read', 'write', 'lease']),
    ...common,
  }),
  /** Reads do not see the entry that is there. Per read. */
  z.strictObject({ kind: z.literal('forced-miss'), ...common }),
  /** Reads see the entry with one bit flipped. Per read. */
  z.strictObject({ kind: z.literal('corrupt-payload'), ...common }),
  /** Loaders begin later, within their own time limit. Per load. */
  z.strictObject({ kind: z.literal('slow-origin'), ...latency, ...common }),
  /** Loaders fail without being called. Per load. */
  z.strictObject({ kind: z.literal('failing-origin'), ...common }),
  /** The in-process cache holds nothing. */
  z.strictObject({ kind: z.literal('l1-off'), ...common }),
]);
export type FaultOrder = z.output<typeof faultOrder>;
/** An order as it is given: what it leaves out has its default. */
export type FaultOrderInput = z.input<typeof faultOrder>;
export type FaultRole = z.output<typeof role>;

/**
 * Key sideboard:<env>:<service>:faults. The document is whole: a fault that is not in it has ended. `rev` only grows.
 * An order that cannot be read is counted and left out: it must not hide the end of another.
 */
export const faultDocument = z
  .object({ v: z.literal(1), rev: z.int().positive(), faults: z.array(z.unknown()).max(ORDERS_MAX) })
  .transform(({ rev, faults }) => {
    const orders = faults.map((one) => faultOrder.safeParse(one)).flatMap((one) => (one.success ? [one.data] : []));
    return { rev, faults: orders, unreadable: faults.length - orders.length };
  });
export type FaultDocument = z.output<typeof faultDocument>;
