import { Buffer } from 'node:buffer';
import { Command } from 'ioredis';

/** What goes to Redis as it is. */
export type CommandArgument = string | Buffer;

const NONE: readonly CommandArgument[] = [];

/** A command of a pipeline that the engine has put its own deadline on. Replies are Buffers. */
export class PipelinedCommand extends Command {
  #own: readonly CommandArgument[];

  /** ioredis is not shown the arguments: it would copy them and look at each. */
  constructor(name: string, args: readonly CommandArgument[]) {
    super(name);
    this.#own = args;
  }

  /** None of its own: a timer for each command costs more than the command. */
  override setTimeout(): void {}

  /**
   * In one flat piece: ioredis' own is a string of many parts, put together only when it is written, at several times the cost.
   * Called once, since nothing is ever sent again: what was carried is let go, so it stands in no error either.
   */
  override toWritable(): string | Buffer {
    const args = this.#own;
    this.#own = NONE;
    return asText(this.name, args) ?? asPieces(this.name, args);
  }
}

/** Null unless every argument is text, and a byte for each character of it. */
function asText(name: string, args: readonly CommandArgument[]): string | null {
  const pieces: string[] = [headOf(name, args)];
  for (const arg of args) {
    if (typeof arg !== 'string') return null;
    pieces.push(lengthLine(arg.length), arg);
  }
  pieces.push('\r\n');
  const text = pieces.join('');
  // Once for all: to ask for the bytes of each takes as long as the rest.
  return Buffer.byteLength(text) === text.length ? text : null;
}

function asPieces(name: string, args: readonly CommandArgument[]): string | Buffer {
  const pieces: CommandArgument[] = [headOf(name, args)];
  for (const arg of args) pieces.push(lengthLine(Buffer.byteLength(arg)), arg);
  pieces.push('\r\n');
  return args.every((arg) => typeof arg === 'string') ? pieces.join('') : joinBytes(pieces);
}

function headOf(name: string, args: readonly CommandArgument[]): string {
  return `*${args.length + 1}\r\n$${name.length}\r\n${name}`;
}

/** As long as most keys are. */
const SHORT_MAX = 256;
const LENGTH_LINES: readonly string[] = Array.from({ length: SHORT_MAX + 1 }, (_, length) => `\r\n$${length}\r\n`);

/** Ends the argument before, and says how many bytes the next takes. */
function lengthLine(length: number): string {
  return LENGTH_LINES[length] ?? `\r\n$${length}\r\n`;
}

function joinBytes(pieces: readonly CommandArgument[]): Buffer {
  let length = 0;
  for (const piece of pieces) length += Buffer.byteLength(piece);
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const piece of pieces) at += typeof piece === 'string' ? bytes.write(piece, at) : piece.copy(bytes, at);
  return bytes;
}
