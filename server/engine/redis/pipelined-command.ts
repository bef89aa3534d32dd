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
    const { name } = this;
    const pieces: CommandArgument[] = [`*${args.length + 1}\r\n$${name.length}\r\n${name}`];
    let isText = true;
    for (const arg of args) {
      if (typeof arg === 'string') pieces.push(`\r\n$${Buffer.byteLength(arg)}\r\n`, arg);
      else {
        isText = false;
        pieces.push(`\r\n$${arg.length}\r\n`, arg);
      }
    }
    pieces.push('\r\n');
    return isText ? pieces.join('') : joinBytes(pieces);
  }
}

function joinBytes(pieces: readonly CommandArgument[]): Buffer {
  let length = 0;
  for (const piece of pieces) length += Buffer.byteLength(piece);
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const piece of pieces) at += typeof piece === 'string' ? bytes.write(piece, at) : piece.copy(bytes, at);
  return bytes;
}
