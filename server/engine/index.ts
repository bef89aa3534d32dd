export type { BumpReceipt, Cache, CacheOptions, InvalidationReceipt, LoadContext, Loader, Peek } from './cache.ts';
export {
  CacheClosed,
  ConfigurationError,
  InvalidationNotAcknowledged,
  LoadTimeout,
  OperatorUnavailable,
  SerializationError,
  WriteNotStarted,
  WrittenNotInvalidated,
} from './errors.ts';
export type { CacheEvent, ReadOutcome } from './events.ts';
export { escapePart, parseDataKey, showVersion, unescapePart } from './keys.ts';
export type { Policy, PolicyInput } from './policy.ts';
export type { RedisAddress, RedisConnection } from './redis/connection.ts';
export { redisFromEnv } from './redis-from-env.ts';
