/**
 * Finds where replies end in the bytes that a server sends (RESP2 and RESP3), without reading values: enough to put
 * another reply between two of them. Follows from the first byte of a reply; what it is given may be cut anywhere.
 */
export class ReplyFramer {
  /** Elements of the reply under way that have not ended. */
  #open = 0;
  /** Bytes of a bulk, with its line end, that are still to come. */
  #bulkBytes = 0;
  /** The line under way, up to its end: a type, and a length or a short text. */
  #line = '';
  #inLine = false;

  /** True at the first byte of a reply. */
  get between(): boolean {
    return this.#open === 0;
  }

  /** Reads from `from` on, to the end of one reply or of the bytes. Returns where it stopped. */
  read(bytes: Buffer, from: number): number {
    let at = from;
    if (this.#open === 0) this.#open = 1;
    while (at < bytes.length) {
      if (this.#bulkBytes > 0) {
        const taken = Math.min(this.#bulkBytes, bytes.length - at);
        this.#bulkBytes -= taken;
        at += taken;
        if (this.#bulkBytes > 0) return at;
        this.#open -= 1;
      } else {
        const end = bytes.indexOf(LF, at);
        const until = end === -1 ? bytes.length : end + 1;
        this.#collect(bytes, at, until);
        at = until;
        if (end === -1) return at;
        this.#endLine();
      }
      if (this.#open === 0) return at;
    }
    return at;
  }

  /** Only the head of a line matters: a simple string may be long. */
  #collect(bytes: Buffer, from: number, until: number): void {
    if (!this.#inLine) this.#line = '';
    this.#inLine = true;
    if (this.#line.length < HEAD_CHARS) this.#line += bytes.toString('latin1', from, Math.min(until, from + HEAD_CHARS));
  }

  #endLine(): void {
    this.#inLine = false;
    const type = this.#line[0];
    const length = Number.parseInt(this.#line.slice(1), 10);
    switch (type) {
      case '$':
      case '!':
      case '=':
        if (length >= 0) this.#bulkBytes = length + LINE_END_BYTES;
        else this.#open -= 1;
        break;
      case '*':
      case '~':
      case '>':
        this.#open += Math.max(0, length) - 1;
        break;
      case '%':
        this.#open += 2 * length - 1;
        break;
      case '|':
        // Attributes come before the element that they speak of.
        this.#open += 2 * length;
        break;
      default:
        this.#open -= 1;
    }
  }
}

export interface Command {
  /** Upper case. */
  readonly name: string;
  /** Empty where there is none. */
  readonly firstArgument: string;
  /** As it was written. */
  readonly bytes: Buffer;
}

/** Cuts what a client writes into its commands; what is not whole yet waits. Throws where the bytes are no commands. */
export class CommandFramer {
  #rest: Buffer = Buffer.alloc(0);

  read(bytes: Buffer): Command[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const commands: Command[] = [];
    let at = 0;
    while (at < all.length) {
      const command = commandAt(all, at);
      if (command === null) break;
      commands.push(command);
      at += command.bytes.length;
    }
    this.#rest = all.subarray(at);
    return commands;
  }
}

const LF = 10;
const LINE_END_BYTES = 2;
const HEAD_CHARS = 24;

function commandAt(bytes: Buffer, from: number): Command | null {
  const head = lengthAt(bytes, from, '*');
  if (head === null) return null;
  const texts: string[] = [];
  let at = head.next;
  for (let argument = 0; argument < head.length; argument += 1) {
    const bulk = lengthAt(bytes, at, '$');
    if (bulk === null || bulk.next + bulk.length + LINE_END_BYTES > bytes.length) return null;
    if (argument < 2) texts.push(bytes.toString('latin1', bulk.next, bulk.next + bulk.length));
    at = bulk.next + bulk.length + LINE_END_BYTES;
  }
  return { name: (texts[0] ?? '').toUpperCase(), firstArgument: texts[1] ?? '', bytes: bytes.subarray(from, at) };
}

/** `*3\r\n`: the length, and where the next line begins; null where the line has not ended. */
function lengthAt(bytes: Buffer, at: number, type: '*' | '$'): { length: number; next: number } | null {
  const end = bytes.indexOf(LF, at);
  if (end === -1) return null;
  const line = bytes.toString('latin1', at, end - 1);
  if (!/^[*$]\d{1,10}$/.test(line) || line[0] !== type) throw new Error('not a command of the Redis protocol');
  return { length: Number(line.slice(1)), next: end + 1 };
}
