import type { Redis } from 'ioredis';
import type { Script } from '../scripts.ts';
import { type CommandArgument, PipelinedCommand } from './pipelined-command.ts';

/** One script by its digest; sent whole once where the server does not know it. Replies are Buffers. */
export async function runScript(
  client: Redis,
  what: Script,
  keys: readonly string[],
  args: readonly (CommandArgument | number)[],
): Promise<unknown> {
  try {
    return await client.callBuffer('EVALSHA', what.sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!isNoScript(error)) throw error;
    return await client.callBuffer('EVAL', what.lua, keys.length, ...keys, ...args);
  }
}

export interface PipelineCommand {
  /** In small letters on the path of reads: ioredis looks names up so, and makes a new text of any other, five times for each command. */
  readonly name: string;
  readonly args: readonly CommandArgument[];
}

export function scriptCommand(
  what: Script,
  keys: readonly string[],
  args: readonly (CommandArgument | number)[],
): PipelineCommand & { script: Script } {
  const all: CommandArgument[] = [what.sha, String(keys.length), ...keys];
  for (const arg of args) all.push(typeof arg === 'number' ? String(arg) : arg);
  return { name: 'evalsha', args: all, script: what };
}

/**
 * One pipeline; replies are Buffers, or the Error of that command. Where the server lacks a script the whole pipeline is
 * sent again with the scripts' text, once: all of them are conditional or idempotent, and order within it matters.
 */
export function runPipeline(client: Redis, commands: readonly (PipelineCommand & { script?: Script })[]): Promise<unknown[]> {
  return new Promise((resolve) => startPipeline(client, commands, resolve));
}

/** `runPipeline` for the path of reads: calls `done` once, and makes no promise of its own. */
export function startPipeline(
  client: Redis,
  commands: readonly (PipelineCommand & { script?: Script })[],
  done: (replies: unknown[]) => void,
): void {
  sendPipeline(client, commands, (replies) => {
    if (!replies.some(isNoScript)) return done(replies);
    const whole = commands.map((command) =>
      command.script === undefined ? command : { name: 'eval', args: [command.script.lua, ...command.args.slice(1)] },
    );
    sendPipeline(client, whole, done);
  });
}

/**
 * One write for all. Not ioredis' `pipeline()`: it defines an accessor on each pipeline, so each gets a hidden class of its own,
 * which keeps it and all its replies alive until the next full collection.
 */
function sendPipeline(client: Redis, commands: readonly PipelineCommand[], done: (replies: unknown[]) => void): void {
  const { stream } = client;
  const replies: unknown[] = new Array(commands.length);
  let missing = commands.length;
  const put = (index: number, reply: unknown) => {
    replies[index] = reply;
    missing -= 1;
    if (missing === 0) done(replies);
  };
  let pieces: (string | Buffer)[] = [];
  const outgoing = { isPipeline: true, destination: { redis: client }, write: (piece: string | Buffer) => pieces.push(piece) } as const;
  for (const [index, { name, args }] of commands.entries()) {
    const command = new PipelinedCommand(name, args);
    command.promise.then(
      (reply: unknown) => put(index, reply),
      (error: unknown) => put(index, error),
    );
    client.sendCommand(command, outgoing);
  }
  writeAtOnce(stream, pieces);
  // ioredis keeps `outgoing` for as long as Redis takes.
  pieces = [];
}

/** Text in one piece, which a socket writes at less than the cost of two, and what is ASCII at less than other text. */
function writeAtOnce(stream: Redis['stream'], pieces: readonly (string | Buffer)[]): void {
  if (pieces.every((piece) => typeof piece === 'string')) {
    const text = pieces.join('');
    if (text !== '') stream.write(text, Buffer.byteLength(text) === text.length ? 'latin1' : 'utf8');
    return;
  }
  stream.cork();
  for (const piece of pieces) stream.write(piece);
  stream.uncork();
}

function isNoScript(reply: unknown): boolean {
  return reply instanceof Error && reply.message.startsWith('NOSCRIPT');
}
