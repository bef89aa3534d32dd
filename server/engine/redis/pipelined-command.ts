import { Command } from 'ioredis';

/** A command of a pipeline that the engine has put its own deadline on. Replies are Buffers. */
export class PipelinedCommand extends Command {
  /** None of its own: a timer for each command costs more than the command. */
  override setTimeout(): void {}

  /** As ioredis has it, in one flat piece: a string of many parts is put together only when it is written, at several times the cost. */
  override toWritable(socket: object): string | Buffer {
    const { args } = this;
    if (args.length < 8 || !args.every((arg) => typeof arg === 'string')) return super.toWritable(socket);
    const parts = [`*${args.length + 1}\r\n$${this.name.length}\r\n${this.name}`];
    for (const arg of args) parts.push(`\r\n$${Buffer.byteLength(arg)}\r\n`, arg);
    parts.push('\r\n');
    return parts.join('');
  }
}
