import { type InstanceExplanation, parseDataKey } from 'sideboard-engine';
import type { ExplainInput, ExplainView, InstanceRead } from '../../contract/keys.ts';
import type { ControlDeps } from '../deps.ts';
import { displayText } from '../display-text.ts';
import { decodeKey } from './key-bytes.ts';

/** Asks running instances what their next read of a key would do; null for a key that holds a digest of its id: instances are asked by the id. */
export async function explainKey(deps: ControlDeps, input: ExplainInput): Promise<ExplainView | null> {
  const named = 'key' in input ? namedBy(input.key) : input;
  if (named === null) return null;
  const { env, service, entity, id } = named;
  const { answers, pending, living } = await deps.operator.explain({ env, service }, entity, id);
  return {
    answers: answers.map(({ instance, explanation }) => ({ instance, read: readOf(explanation) })),
    pending,
    living,
    nowMs: deps.fleet.redisNow(),
  };
}

function namedBy(key: string): { env: string; service: string; entity: string; id: string } | null {
  const parts = parseDataKey(decodeKey(key).toString('utf8'));
  return parts === null || parts.idHashed ? null : parts;
}

function readOf(explanation: InstanceExplanation): InstanceRead | null {
  if (explanation.kind === 'unknown entity') return null;
  const { tier, next, local } = explanation;
  return {
    tier: tier === 'none' ? 'origin' : tier,
    does: next.does,
    why: displayText(next.why),
    local:
      local === null ? null : { createdMs: local.createdMs, sizeBytes: local.sizeBytes, serves: local.serves, why: displayText(local.why) },
  };
}
