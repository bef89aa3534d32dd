/**
 * The port behind which a service brings its own form of a value (Protocol Buffers, CBOR). An entry names the codec that
 * wrote it, so an id stands for one form for ever: change the form, change the id.
 */
export interface Codec<Value = unknown> {
  /** 1 to 32 of `a-z 0-9 . _ -`, as `product.v1`. */
  readonly id: string;
  /** Throws for what it cannot carry: such a value is given to its caller and not kept. */
  encode(value: Value): Uint8Array;
  /** Throws for bytes that it did not make: such an entry is a miss. */
  decode(bytes: Buffer): Value;
}

/** No value nests deeper: a reader that walks it by recursion must not run out of stack. */
export const DEPTH_MAX = 1_000;
/** A payload past this is neither stored nor decoded. */
export const PAYLOAD_BYTES_MAX: number = 16 * 1024 * 1024;
