import { type InstanceRecord, instanceRecord } from '../wire/instance-record.ts';
import { heartbeatMsMax } from './collect-acks.ts';
import { parseJson } from './parse-json.ts';

/** The values of an `instances` hash, as Buffers, that are records; what is none is left out. */
export function readInstances(values: unknown): InstanceRecord[] {
  if (!Array.isArray(values)) return [];
  return values.flatMap((json: unknown) => {
    const record = Buffer.isBuffer(json) ? parseJson(instanceRecord, json) : null;
    return record === null ? [] : [record];
  });
}

/** Those of them that run, by their heartbeat. */
export function livingInstances(values: unknown, redisNowMs: number): InstanceRecord[] {
  return readInstances(values).filter((record) => record.lastSeenAt >= redisNowMs - heartbeatMsMax);
}
