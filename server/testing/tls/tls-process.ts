import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import * as z from 'zod';

const reply = z.union([z.object({ answer: z.unknown() }), z.object({ refused: z.string(), all: z.string() })]);

/** `tls-child.mjs` in a process of its own: what a process trusts it learns from its environment, and only when it starts. */
export interface TlsProcess {
  /** One question at a time. Rejects with the text of what was thrown there. */
  ask(what: string, ...args: readonly unknown[]): Promise<unknown>;
  /** All that it has printed and answered. */
  told(): string;
}

/** `trusts`: a file of certificates; null for what Node trusts by itself. Ended with the test. */
export async function startTlsProcess(redisUrl: string, trusts: string | null): Promise<TlsProcess> {
  const child = fork(path.join(import.meta.dirname, 'tls-child.mjs'), {
    env: {
      NODE_ENV: 'production',
      REDIS_URL: redisUrl,
      ...(trusts === null ? {} : { NODE_EXTRA_CA_CERTS: trusts }),
    },
    silent: true,
  });
  let told = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      told += text;
    });
  }
  const answered = async (): Promise<unknown> => {
    const [message] = await once(child, 'message');
    told += `${JSON.stringify(message)}\n`;
    const parsed = reply.parse(message);
    if ('refused' in parsed) throw new Error(parsed.refused);
    return parsed.answer;
  };
  const ask = (what: string, ...args: readonly unknown[]): Promise<unknown> => {
    const answer = answered();
    child.send({ ask: what, args });
    return answer;
  };
  onTestFinished(async () => {
    const ended = once(child, 'exit');
    await ask('close');
    await ended;
  });
  await answered();
  return { ask, told: () => told };
}
