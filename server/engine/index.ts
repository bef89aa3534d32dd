export type {
  BumpReceipt,
  Cache,
  CacheOptions,
  InvalidationReceipt,
  L1Options,
  LoadContext,
  Loader,
  NotModified,
  Peek,
  ReadOptions,
} from './cache.ts';
export type { Codec } from './codec/codec.ts';
export type { StandardSchema } from './codec/standard-schema.ts';
export { createCache } from './create-cache.ts';
export { type EntityType, type TypeMark, typed } from './entity-types.ts';
export {
  CacheClosed,
  ConfigurationError,
  InvalidationNotAcknowledged,
  LoadTimeout,
  NothingToUndo,
  OperatorUnavailable,
  OriginOverloaded,
  SerializationError,
  TooManyReads,
  WriteNotStarted,
  WrittenNotInvalidated,
} from './errors.ts';
export type { CacheEvent, ReadOutcome } from './events.ts';
export type { Explanation, NextRead } from './explain-key.ts';
export { choosesInstance } from './fault/chooses-instance.ts';
export type { InvalidationMode } from './invalidate-key.ts';
export { escapePart, parseDataKey, parseStandingId, showVersion, unescapePart } from './keys.ts';
export { createOperator, type OperatorOptions } from './operator/create-operator.ts';
export type {
  AckResult,
  BumpResult,
  EntryInspection,
  ExplainResult,
  FrameBatch,
  InvalidateResult,
  KeySpaceRef,
  Operator,
  OperatorState,
  RedisStats,
  ScannedKey,
  ScanOptions,
  ScanResult,
  VersionView,
} from './operator/operator.ts';
export type { FaultChange } from './operator/order-faults.ts';
export type { Policy, PolicyInput } from './policy.ts';
export type { RedisAddress, RedisConnection } from './redis/connection.ts';
export { redisFromEnv } from './redis-from-env.ts';
export type { InstanceExplanation } from './wire/explained.ts';
export { type FaultOrder, type FaultOrderInput, ORDERS_MAX } from './wire/fault-order.ts';
export type { EntityFrame, Frame } from './wire/frame.ts';
export type { InstanceRecord } from './wire/instance-record.ts';
export type { PolicyDocument, PolicyOverride } from './wire/policy-document.ts';
