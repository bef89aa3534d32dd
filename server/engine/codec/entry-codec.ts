import { crc32 } from 'node:zlib';
import type { EncodedPayload, EnvelopeProblem, PayloadForm } from '../envelope.ts';
import { SerializationError } from '../errors.ts';
import { checkValue } from './check-value.ts';
import { type Codec, PAYLOAD_BYTES_MAX } from './codec.ts';
import { COMPRESS_BYTES_MIN, compress, decompress } from './compress.ts';
import { decodeJson, encodeJson } from './json.ts';
import { ShapeBook } from './learn-shapes.ts';
import { addressOf, type MsgpackForm, msgpackForm } from './msgpack.ts';
import { checkSchema, type StandardSchema } from './standard-schema.ts';
import { EMPTY_SET, extendSet, type StructureSet } from './structure-set.ts';

/**
 * How the values of one entity become payloads and come back: checked by their schema, written by a codec, folded where that
 * is asked for. Every entry names the form that it has, so a change of policy leaves old entries readable.
 */
export interface EntryForm {
  readonly codec: 'json' | 'msgpack' | Codec;
  readonly compress: boolean;
  /** Of a payload, as it is stored. */
  readonly bytesMax: number;
  readonly schema: StandardSchema | null;
  /** Names the schema's revision in entries; null: each value is checked on each read. */
  readonly schemaId: string | null;
  /** Makes a value of today of one that an older schema let pass; what it throws makes the entry a miss. */
  readonly migrate: ((value: unknown) => unknown) | null;
}

export type Decoded =
  | { kind: 'value'; value: unknown }
  | { kind: 'problem'; problem: EnvelopeProblem }
  /** Its set is not known here yet. */
  | { kind: 'unknown set'; address: string };

const ABSENT: EncodedPayload = { codec: 'absent', compressed: false, ascii: false, schemaHash: 0, bytes: Buffer.alloc(0) };
/** Sets that an entity keeps at hand, the latest used first. As many as are published. */
const FORMS_MAX = 64;

export class EntryCodec {
  readonly #form: EntryForm;
  readonly #schemaHash: number;
  readonly #customHead: Buffer;
  readonly #shapes = new ShapeBook();
  /** The one that new entries are written with comes first. */
  #writing: MsgpackForm = msgpackForm(EMPTY_SET);
  #known: readonly MsgpackForm[] = [this.#writing];

  constructor(form: EntryForm) {
    this.#form = form;
    // 0 stands for no schema.
    this.#schemaHash = form.schema === null || form.schemaId === null ? 0 : crc32(form.schemaId) || 1;
    this.#customHead = typeof form.codec === 'object' ? headOf(form.codec.id) : Buffer.alloc(0);
  }

  get usesSets(): boolean {
    return this.#form.codec === 'msgpack';
  }

  /** Throws `SerializationError` for a value that its schema or its codec does not carry. `null` is "not found", and has no payload. */
  encode(value: unknown): EncodedPayload {
    if (value === null) return ABSENT;
    const { schema } = this.#form;
    if (schema !== null) {
      const checked = checkSchema(schema, value);
      if (!checked.ok) throw new SerializationError(`the value cannot be kept: ${checked.why}`);
    }
    const { codec, ascii, bytes } = this.#write(value);
    const folded = this.#form.compress && bytes.length >= COMPRESS_BYTES_MIN && bytes.length <= PAYLOAD_BYTES_MAX ? compress(bytes) : null;
    const stored = (folded ?? bytes).length;
    if (stored > this.#form.bytesMax)
      throw new SerializationError(`the value takes ${stored} bytes, at most ${this.#form.bytesMax} are stored`);
    return { codec, compressed: folded !== null, ascii, schemaHash: this.#schemaHash, bytes: folded ?? bytes };
  }

  /** The payload of an envelope in which `judge` found no problem. Never throws. */
  decode(bytes: Buffer, offset: number, form: PayloadForm): Decoded {
    const { schema } = this.#form;
    let decoded: Decoded;
    try {
      decoded = form.compressed ? this.#read(decompress(bytes.subarray(offset)), 0, form) : this.#read(bytes, offset, form);
    } catch {
      // The text of the error quotes the payload; the problem is reported by its name.
      return { kind: 'problem', problem: 'payload does not decode' };
    }
    if (schema === null || decoded.kind !== 'value' || form.codec === 'absent') return decoded;
    // Checked when it was written, by this very schema.
    if (this.#schemaHash !== 0 && form.schemaHash === this.#schemaHash) return decoded;
    return this.#checked(schema, decoded.value);
  }

  /** The payload as the codec wrote it; null for one that does not decompress. */
  unfold(bytes: Buffer, offset: number, form: PayloadForm): Buffer | null {
    try {
      return form.compressed ? decompress(bytes.subarray(offset)) : bytes.subarray(offset);
    } catch {
      return null;
    }
  }

  /** A set that stands in Redis: entries of it can be read from now on. `write`: and are written with it. */
  adopt(set: StructureSet, write: boolean): void {
    const form = this.#known.find((one) => one.set.address === set.address) ?? msgpackForm(set);
    const others = this.#known.filter((one) => one !== form && one !== this.#writing);
    if (write) {
      this.#known = [form, ...(form === this.#writing ? [] : [this.#writing]), ...others].slice(0, FORMS_MAX);
      this.#writing = form;
      this.#shapes.use(set);
    } else if (form !== this.#writing) this.#known = [this.#writing, form, ...others].slice(0, FORMS_MAX);
  }

  /** The set that new entries point into. */
  get set(): StructureSet {
    return this.#writing.set;
  }

  /** The set that would hold every shape that came again; `set` itself if it does. To be published, then adopted. */
  get wantedSet(): StructureSet {
    const { learned } = this.#shapes;
    return learned.length === 0 ? this.set : extendSet(this.set, learned);
  }

  #write(value: unknown): Pick<EncodedPayload, 'codec' | 'ascii' | 'bytes'> {
    const { codec } = this.#form;
    if (codec === 'json') {
      checkValue(value, 'json');
      return { codec: 'json', ...encodeJson(value) };
    }
    if (codec === 'msgpack') {
      checkValue(value, 'msgpack', this.#shapes.see);
      return { codec: 'msgpack', ascii: false, bytes: this.#writing.encode(value) };
    }
    try {
      return { codec: 'custom', ascii: false, bytes: Buffer.concat([this.#customHead, codec.encode(value)]) };
    } catch (cause) {
      throw new SerializationError(`codec "${codec.id}" does not carry the value`, { cause });
    }
  }

  #read(bytes: Buffer, offset: number, { codec, ascii }: PayloadForm): Decoded {
    switch (codec) {
      case 'json':
        return { kind: 'value', value: decodeJson(bytes, offset, ascii) };
      case 'msgpack':
        return this.#readMsgpack(bytes, offset);
      case 'custom':
        return this.#readCustom(bytes, offset);
      case 'absent':
        return { kind: 'value', value: null };
    }
  }

  #readMsgpack(bytes: Buffer, offset: number): Decoded {
    for (const form of this.#known) if (form.reads(bytes, offset)) return { kind: 'value', value: form.decode(bytes, offset) };
    const address = addressOf(bytes, offset);
    return address === null ? { kind: 'problem', problem: 'payload does not decode' } : { kind: 'unknown set', address };
  }

  #readCustom(bytes: Buffer, offset: number): Decoded {
    const { codec } = this.#form;
    const start = offset + this.#customHead.length;
    if (typeof codec !== 'object' || !bytes.subarray(offset, start).equals(this.#customHead)) {
      return { kind: 'problem', problem: 'unknown codec' };
    }
    return { kind: 'value', value: codec.decode(bytes.subarray(start)) };
  }

  #checked(schema: StandardSchema, value: unknown): Decoded {
    try {
      const checked = checkSchema(schema, value);
      if (checked.ok) return { kind: 'value', value: checked.value };
      const { migrate } = this.#form;
      if (migrate === null) return { kind: 'problem', problem: 'not of the schema' };
      const migrated = checkSchema(schema, migrate(value));
      return migrated.ok ? { kind: 'value', value: migrated.value } : { kind: 'problem', problem: 'not of the schema' };
    } catch {
      // A schema or a migration that throws: the origin knows better.
      return { kind: 'problem', problem: 'not of the schema' };
    }
  }
}

/** Length of the id, the id: what a payload of an own codec begins with. */
function headOf(id: string): Buffer {
  return Buffer.concat([Buffer.from([id.length]), Buffer.from(id, 'latin1')]);
}

/** The id of the own codec that wrote a payload, for those who only look; null if it says none. */
export function customCodecOf(bytes: Buffer, offset: number): string | null {
  const length = bytes[offset] ?? 0;
  const id = bytes.toString('latin1', offset + 1, offset + 1 + length);
  return length > 0 && /^[a-z0-9._-]{1,32}$/.test(id) && id.length === length ? id : null;
}
