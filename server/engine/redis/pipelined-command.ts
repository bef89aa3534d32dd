import { Buffer } from 'node:buffer';
import { Command } from 'ioredis';
import type { ScriptArgument } from './run-pipeline.ts';

/** A command of a pipeline that the engine has put its own deadline on. Replies are Buffers. */
export class PipelinedCommand extends Command {
  #text: readonly string[] | null;

  /** ioredis is not shown arguments that are all text: it would copy them and look at each. */
  constructor(name: string, args: ScriptArgument[]) {
    const text = args.every((arg) => typeof arg === 'string') ? args : null;
    super(name, text === null ? args : []);
    this.#text = text;
  }

  /** None of its own: a timer for each command costs more than the command. */
  override setTimeout(): void {}

  /**
   * In one flat piece: ioredis' own is a string of many parts, put together only when it is written, at several times the cost.
   * Called once, since nothing is ever sent again: what was carried is let go, so it stands in no error either.
   */
  override toWritable(socket: object): string | Buffer {
    const written = this.#text === null ? super.toWritable(socket) : joined(this.name, this.#text);
    this.#text = null;
    this.args = [];
    return written;
  }
}

function joined(name: string, args: readonly string[]): string {
  const parts = [`*${args.length + 1}\r\n$${name.length}\r\n${name}`];
  for (const arg of args) parts.push(`\r\n$${Buffer.byteLength(arg)}\r\n`, arg);
  parts.push('\r\n');
  return parts.join('');
}
