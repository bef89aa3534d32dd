import { invalidateEntry, releaseLease, removeIfUnchanged, renewLease } from '../scripts.ts';
import type { FaultOrder } from '../wire/fault-order.ts';
import type { Command } from './resp-framer.ts';

export type ErrorName = Extract<FaultOrder, { kind: 'error-reply' }>['error'];

/** The reply that a command gets in Redis' place, or null where Redis answers it. */
export type RefusedCommand = (command: Command) => Buffer | null;

/** As Redis words them. */
const TEXTS: Record<ErrorName, string> = {
  READONLY: "READONLY You can't write against a read only replica.",
  OOM: "OOM command not allowed when used memory > 'maxmemory'.",
  LOADING: 'LOADING Redis is loading the dataset in memory',
  CLUSTERDOWN: 'CLUSTERDOWN The cluster is down',
  BUSY: 'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.',
};

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** By Redis' own flags (COMMAND INFO). A command that stands in none of them is never refused. */
export const READS: ReadonlySet<string> = words(
  'GET MGET GETRANGE STRLEN TTL PTTL EXISTS HGET HGETALL HMGET HVALS SMEMBERS XLEN XRANGE XPENDING',
);
export const REMOVING_WRITES: ReadonlySet<string> = words(
  'GETEX DEL UNLINK EXPIRE PEXPIRE PERSIST HDEL SREM ZREM XACK XDEL XTRIM XAUTOCLAIM',
);
/** `denyoom`: refused when memory is full. */
export const GROWING_WRITES: ReadonlySet<string> = words('SET SETEX PSETEX SETNX SETRANGE APPEND INCR INCRBY HSET SADD ZADD XADD');
/** No key, and refused while loading and while busy. */
export const KEYLESS: ReadonlySet<string> = words('PING');
/** No key; answered while loading, refused while busy. */
export const KEYLESS_LOADING: ReadonlySet<string> = words('INFO ROLE TIME ECHO SELECT CLIENT PUBLISH SUBSCRIBE UNSUBSCRIBE COMMAND');
const SCRIPTS = words('EVAL EVALSHA');

/** Scripts that only remove: Redis runs them when memory is full. By digest and by text, as EVALSHA and EVAL name them. */
const removingScripts = new Set([invalidateEntry, releaseLease, renewLease, removeIfUnchanged].flatMap(({ sha, lua }) => [sha, lua]));

/**
 * Whether a server in that state refuses the command. Of a script it is said by what it does when it does all that it can:
 * a lease that is asked for where an entry stands already would write nothing, and is refused all the same.
 */
export function isRefused(error: ErrorName, { name, firstArgument }: Command): boolean {
  const script = SCRIPTS.has(name);
  const write = script || REMOVING_WRITES.has(name) || GROWING_WRITES.has(name);
  switch (error) {
    case 'READONLY':
      return write;
    case 'OOM':
      return GROWING_WRITES.has(name) || (script && !removingScripts.has(firstArgument));
    case 'CLUSTERDOWN':
      return write || READS.has(name);
    case 'LOADING':
      return write || READS.has(name) || KEYLESS.has(name);
    case 'BUSY':
      return write || READS.has(name) || KEYLESS.has(name) || KEYLESS_LOADING.has(name);
  }
}

export function errorReply(error: ErrorName): Buffer {
  return Buffer.from(`-${TEXTS[error]}\r\n`, 'latin1');
}
