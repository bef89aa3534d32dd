import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ErrorReplies } from './error-replies.ts';
import { CommandFramer, ReplyFramer } from './resp-framer.ts';

const command = (...parts: string[]): string =>
  `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

/** Any one reply of RESP2 or RESP3. */
const reply = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.stringMatching(/^[ -~]{0,40}$/).map((text) => `+${text}\r\n`),
    fc.stringMatching(/^[A-Z]{3,9} [ -~]{0,40}$/).map((text) => `-${text}\r\n`),
    fc.integer().map((value) => `:${value}\r\n`),
    fc.string().map(bulk),
    fc.constantFrom('$-1\r\n', '*-1\r\n', '*0\r\n', '_\r\n', '#t\r\n', ',1.5\r\n'),
    fc.array(tie('any'), { maxLength: 4 }).map((all) => `*${all.length}\r\n${all.join('')}`),
    fc.array(fc.tuple(tie('any'), tie('any')), { maxLength: 3 }).map((all) => `%${all.length}\r\n${all.flat().join('')}`),
  ),
})).any;

/** Cuts at random places. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...at, bytes.length].map((end, index) => bytes.subarray(at[index - 1] ?? 0, end));
}
const cuts = fc.array(fc.nat(), { maxLength: 12 });

describe('framing', () => {
  it('finds the end of every reply, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 8 }), cuts, (replies, where) => {
        const framer = new ReplyFramer();
        const found: number[] = [];
        let base = 0;
        for (const piece of pieces(Buffer.from(replies.join('')), where)) {
          let at = 0;
          while (at < piece.length) {
            at = framer.read(piece, at);
            if (framer.between) found.push(base + at);
          }
          base += piece.length;
        }
        let end = 0;
        expect(found).toEqual(replies.map((one) => (end += Buffer.byteLength(one))));
      }),
    );
  });

  it('finds every command, wherever the bytes are cut; what is no command is an error', () => {
    const parts = fc.array(fc.string(), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(parts, { minLength: 1, maxLength: 6 }), cuts, (commands, where) => {
        const framer = new CommandFramer();
        const found = pieces(Buffer.from(commands.map((one) => command(...one)).join('')), where).flatMap((piece) => framer.read(piece));
        expect(found.map(({ bytes }) => bytes.toString())).toEqual(commands.map((one) => command(...one)));
      }),
    );
    expect(() => new CommandFramer().read(Buffer.from('PING\r\n'))).toThrow('not a command');
  });
});

describe('error replies', () => {
  it('stand where the reply would have stood, and Redis gets the other commands alone, whatever is refused and however bytes are cut', async () => {
    const step = fc.record({ refused: fc.boolean(), reply });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), cuts, fc.boolean(), async (steps, where, inUse) => {
        let seen = '';
        const replies = new ErrorReplies(
          (bytes) => {
            seen += bytes.toString();
          },
          () => {},
        );
        // In use: an earlier command's reply is under way, and the marker is answered behind it.
        const marker = inUse ? replies.seek() : Buffer.alloc(0);
        const earlier = inUse ? bulk('earlier') : '';
        const pong = inUse ? (/\$32\r\n\w{32}\r\n$/.exec(marker.toString())?.[0] ?? '') : '';
        replies.setRefuse(({ firstArgument }) => (firstArgument.startsWith('refused') ? Buffer.from(`-NO ${firstArgument}\r\n`) : null));
        const names = steps.map(({ refused }, index) => `${refused ? 'refused' : 'passed'}-${index}`);
        const sent = names.map((name) => replies.outgoing(Buffer.from(command('GET', name))).toString()).join('');
        expect(sent).toBe(
          names
            .filter((name) => name.startsWith('passed'))
            .map((name) => command('GET', name))
            .join(''),
        );
        const back = steps.filter(({ refused }) => !refused).map((one) => one.reply);
        for (const piece of pieces(Buffer.from([earlier, pong, ...back].join('')), where)) replies.incoming(piece);
        await new Promise((resolve) => setImmediate(resolve));
        expect(seen).toBe(earlier + steps.map((one, index) => (one.refused ? `-NO ${names[index]}\r\n` : one.reply)).join(''));
        expect(replies.idle).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('wait for replies that are due before them', async () => {
    let seen = '';
    const replies = new ErrorReplies(
      (bytes) => {
        seen += bytes.toString();
      },
      () => {},
    );
    replies.setRefuse(({ name }) => (name === 'SET' ? Buffer.from('-OOM\r\n') : null));
    replies.outgoing(Buffer.from(command('get', 'a') + command('set', 'a', '1')));
    await new Promise((resolve) => setImmediate(resolve));
    expect([seen, replies.idle]).toEqual(['', false]);
    replies.incoming(Buffer.from('$3\r\nab'));
    expect(seen).toBe('$3\r\nab');
    replies.incoming(Buffer.from('c\r\n'));
    expect([seen, replies.idle]).toEqual(['$3\r\nabc\r\n-OOM\r\n', true]);
  });
});
