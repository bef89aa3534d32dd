import { type EntryInspection, showVersion } from 'sideboard-engine';
import type { EntryView } from '../../contract/keys.ts';
import type { ControlDeps } from '../deps.ts';
import { displayText } from '../display-text.ts';
import { generationOf } from '../versions/generation.ts';
import { encodeKey } from './key-bytes.ts';

const VALUE_CHARS_MAX = 64 * 1024;

/** An entry as the console shows it, with the generation that its version is now. */
export async function entryView(deps: ControlDeps, found: EntryInspection): Promise<EntryView> {
  const { env, service } = found.ref;
  const versions = await deps.operator.versions({ env, service }, [found.entity]);
  const { content } = found;
  return {
    key: encodeKey(found.key),
    display: displayText(found.key.toString('utf8')),
    env,
    service,
    entity: found.entity,
    id: found.id,
    idHashed: found.idHashed,
    version: showVersion(found.version),
    generation: generationOf(found.version, versions.get(found.entity)),
    ttlMs: found.ttlMs,
    sizeBytes: found.sizeBytes,
    memoryBytes: found.memoryBytes,
    lease: found.lease,
    nowMs: found.nowMs,
    ...(content.kind === 'problem'
      ? { envelope: null, problem: content.problem, value: null, truncated: false }
      : { envelope: envelopeOf(content), ...printed(content) }),
  };
}

function envelopeOf(content: Content): NonNullable<EntryView['envelope']> {
  const { createdMs, freshUntilMs, expiresMs, loadCostMs, codec, flags, compressed, rawBytes, storedBytes } = content;
  return { createdMs, freshUntilMs, expiresMs, loadCostMs, codec, flags, compressed, rawBytes, storedBytes };
}

type Content = Extract<EntryInspection['content'], { kind: 'envelope' }>;

/** Indented JSON with everything that deceives the eye escaped, cut at a bound; bytes that only their service can read, in hex. */
function printed(content: Content): Pick<EntryView, 'value' | 'truncated' | 'problem'> {
  if (content.ownBytes !== null) {
    return { value: content.ownBytes.toString('hex').replace(/(.{64})/g, '$1\n'), truncated: false, problem: null };
  }
  try {
    const text = JSON.stringify(showable(content.value), null, 2) ?? 'undefined';
    const lines = text.slice(0, VALUE_CHARS_MAX).split('\n');
    return { value: lines.map(displayText).join('\n'), truncated: text.length > VALUE_CHARS_MAX, problem: null };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { value: null, truncated: true, problem: 'the value is nested too deep to be shown' };
  }
}

/** What MessagePack carries beyond JSON, as text that says what it is. */
function showable(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value === undefined) return '<undefined>';
  if (typeof value === 'number' && !Number.isFinite(value)) return `<${value}>`;
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Uint8Array) return `<${value.length} bytes: ${Buffer.from(value.subarray(0, 32)).toString('hex')}>`;
  if (value instanceof Map) return { '<Map>': [...value].map(([key, part]) => [showable(key), showable(part)]) };
  if (Array.isArray(value)) return value.map(showable);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, showable(part)]));
}
