import { showVersion } from 'sideboard-engine';
import type { ScanInput, ScanStep } from '../../contract/keys.ts';
import type { ControlDeps } from '../deps.ts';
import { displayText } from '../display-text.ts';
import { generationOf } from '../versions/generation.ts';
import { encodeKey } from './key-bytes.ts';
import { openCursor, signCursor } from './signed-cursor.ts';

const ROWS_MAX = 200;

/** One bounded step of a walk over a service's entries. */
export async function scanKeys(deps: ControlDeps, input: ScanInput, signal?: AbortSignal): Promise<ScanStep> {
  const { env, service, entity, idPrefix } = input;
  const ref = { env, service };
  const step = await deps.operator.scan(ref, {
    cursor: input.cursor === undefined ? '0' : openCursor(deps.secret, input, input.cursor),
    rowsMax: ROWS_MAX,
    ...(entity === undefined ? {} : { entity }),
    ...(idPrefix === undefined ? {} : { idPrefix }),
    ...(signal === undefined ? {} : { signal }),
  });
  const entities = [...new Set(step.keys.map((found) => found.entity))];
  const versions = entities.length === 0 ? new Map() : await deps.operator.versions(ref, entities);
  return {
    rows: step.keys.map((found) => ({
      key: encodeKey(found.key),
      display: displayText(found.key.toString('utf8')),
      entity: found.entity,
      id: found.id,
      version: showVersion(found.version),
      generation: generationOf(found.version, versions.get(found.entity)),
    })),
    cursor: step.cursor === '0' ? null : signCursor(deps.secret, input, step.cursor),
    walked: step.walked,
    total: step.total,
    rounds: step.rounds,
    redisMs: step.redisMs,
  };
}
