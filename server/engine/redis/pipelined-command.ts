import { Command } from 'ioredis';

/** A command of a pipeline that the engine has put its own deadline on. Replies are Buffers. */
export class PipelinedCommand extends Command {
  /** None of its own: a timer for each command costs more than the command. */
  override setTimeout(): void {}

  /**
   * In one flat piece: ioredis' own is a string of many parts, put together only when it is written, at several times the cost.
   * Called once, since nothing is ever sent again: what was carried is let go, so it stands in no error either.
   */
  override toWritable(socket: object): string | Buffer {
    const { args } = this;
    const written = args.every((arg) => typeof arg === 'string') ? joined(this.name, args) : super.toWritable(socket);
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
