/** Wrong options, or a Redis that refuses what the engine needs. One line; `path` names the field, if one is at fault. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly path: readonly (string | number)[];
  constructor(message: string, path: readonly (string | number)[] = [], options?: ErrorOptions) {
    super(path.length === 0 ? message : `${path.join('.')}: ${message}`, options);
    this.path = path;
  }
}

/** Redis refused or did not answer: the invalidation may or may not have happened. The engine repeats it when Redis is back. */
export class InvalidationNotAcknowledged extends Error {
  override readonly name = 'InvalidationNotAcknowledged';
}

/** Redis did not answer before a `set`: the origin was not touched. */
export class WriteNotStarted extends Error {
  override readonly name = 'WriteNotStarted';
}

/**
 * The origin was written, or threw and may have been written all the same, which is the cause then; and Redis could not be told. The
 * invalidation is repeated when Redis is back; until then reads may be old.
 */
export class WrittenNotInvalidated extends Error {
  override readonly name = 'WrittenNotInvalidated';
}

/** The loader did not settle within its policy's `loadTimeoutMs`; its signal is aborted. */
export class LoadTimeout extends Error {
  override readonly name = 'LoadTimeout';
}

/** The origin has as many loads as it may, and as many wait: this one was not begun. */
export class OriginOverloaded extends Error {
  override readonly name = 'OriginOverloaded';
}

/** The value has no JSON form: a cycle, a BigInt, a function, `undefined`; or it is larger than an entry may be. */
export class SerializationError extends Error {
  override readonly name = 'SerializationError';
}

/** No bump of this entity is left to undo: there was none, it was undone, or the version has been made anew since. */
export class NothingToUndo extends Error {
  override readonly name = 'NothingToUndo';
}

/** As many reads are under way as `readsMax` allows: the process takes on more than it finishes. */
export class TooManyReads extends Error {
  override readonly name = 'TooManyReads';
}

/** The cache was closed. */
export class CacheClosed extends Error {
  override readonly name = 'CacheClosed';
  constructor() {
    super('the cache is closed');
  }
}

/** Redis could not be asked within the deadline. `applied` is 'unknown' where the change may still have happened. */
export class OperatorUnavailable extends Error {
  override readonly name = 'OperatorUnavailable';
  readonly applied: 'no' | 'unknown';
  constructor(message: string, applied: 'no' | 'unknown' = 'no', options?: ErrorOptions) {
    super(message, options);
    this.applied = applied;
  }
}

/**
 * Redis was not asked, did not answer, or could not be brought to what was asked. Its message is the engine's own words, and
 * names no key, value, argument or address: it may be logged as it is. Callers get it as a cause.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/**
 * The word by which Redis says why it refuses (`OOM`, `READONLY`), null for none. Before Redis 7 what was refused to a script
 * stands behind words of the script's own: `ERR Error running script (call to f_…): @user_script:1: @user_script: 1: -OOM …`.
 */
export function wordOf(error: Error): string | null {
  const ofCommand = /^ERR Error running script \(call to f_[0-9a-f]{40}\): @user_script:\d+: @user_script: \d+: -(.*)/s.exec(error.message);
  return /^[A-Z]{3,20}(?= )/.exec(ofCommand?.[1] ?? error.message)?.[0] ?? null;
}

/** Redis has no memory for a write, or a cluster moves the slot: what only removes may still be done. */
export function isOutOfRoom(error: Error): boolean {
  const word = wordOf(error);
  return word === 'OOM' || word === 'TRYAGAIN';
}

/** What ioredis says in errors that have no code. */
const CLIENT_WORDS = [
  ['Connection is closed', 'the connection to Redis was closed'],
  ['Command timed out', 'Redis did not answer in time'],
  ["Stream isn't writeable", 'not connected to Redis'],
] as const;

/** One line about an unknown error that is safe to log: the engine's own words, or a name and code; never a command's arguments. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if (error instanceof Unavailable || error instanceof ConfigurationError) return error.message;
  const known = CLIENT_WORDS.find(([said]) => error.message.startsWith(said));
  if (known !== undefined) return known[1];
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return [error.name, code ?? wordOf(error)].filter((part) => part !== null).join(' ');
}

/**
 * What may be kept as the cause of an error that others log: ioredis hangs the command on a refusal, with a password or a value among
 * its arguments, and Node hangs the whole certificate on one that is for another host.
 */
export function causeOf(error: unknown): Error {
  if (!(error instanceof Error) || error.name === 'ReplyError' || 'command' in error) return new Error(describeError(error));
  return 'cert' in error ? new Error(error.message) : error;
}
