import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFront } from './front.mjs';

const READY = { idle: [0x5a, 0, 0, 0, 5, 0x49], inTransaction: [0x5a, 0, 0, 0, 5, 0x54] };

/** A session that notes what it is asked and answers like Postgres: `begin` opens a transaction, `rollback` and `commit` end it. */
function createSession() {
  const asked = [];
  let inTransaction = false;
  return {
    asked,
    runExclusive: (run) => run(),
    async execProtocolRawStream(message, { onRawData }) {
      const text = Buffer.from(message).toString('latin1');
      asked.push(text.replace(/[^\x20-\x7e]+/g, ' ').trim());
      if (/begin/.test(text)) inTransaction = true;
      if (/rollback|commit/i.test(text)) inTransaction = false;
      onRawData(Uint8Array.from(inTransaction ? READY.inTransaction : READY.idle));
    },
  };
}

function message(type, body) {
  const bytes = Buffer.from(`${type}0000${body}\0`);
  bytes.writeInt32BE(bytes.length - 1, 1);
  return bytes;
}

function startup() {
  const body = Buffer.from('user\0postgres\0\0');
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, body]);
}

let session;
let front;
let port;
let sockets;
beforeEach(async () => {
  session = createSession();
  front = createFront(session, { password: 'right', silentInTransactionMsMax: 200 });
  port = await front.listen(0, '127.0.0.1');
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await front.close();
});

function open(password = 'right') {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  // A refused client is reset: what it received tells.
  socket.on('error', () => {});
  socket.write(Buffer.concat([startup(), message('p', password)]));
  return { socket, send: (...messages) => socket.write(Buffer.concat(messages)), received: () => received };
}

describe('many clients of one session', () => {
  it('the statement of one is never between the parts of another', async () => {
    const [a, b] = [open(), open()];
    await expect.poll(() => session.asked.length).toBe(2);
    a.send(message('P', 'parse a'));
    b.send(message('P', 'parse b'), message('B', 'bind b'), message('S', ''));
    await expect.poll(() => session.asked.at(-1)).toMatch(/parse b.*bind b/);
    a.send(message('B', 'bind a'), message('S', ''));
    await expect.poll(() => session.asked.at(-1)).toMatch(/parse a.*bind a/);
  });

  it('others wait until a transaction ends', async () => {
    const [a, b] = [open(), open()];
    await expect.poll(() => session.asked.length).toBe(2);
    a.send(message('Q', 'begin'));
    await expect.poll(() => session.asked.at(-1)).toContain('begin');
    b.send(message('Q', 'of b'));
    a.send(message('Q', 'of a'));
    await expect.poll(() => session.asked.at(-1)).toContain('of a');
    a.send(message('Q', 'commit'));
    await expect.poll(() => session.asked.at(-1)).toContain('of b');
    expect(session.asked.findIndex((text) => text.includes('commit'))).toBe(session.asked.length - 2);
  });

  it('a client that goes inside a transaction is rolled back, and the next one is served', async () => {
    const [a, b] = [open(), open()];
    await expect.poll(() => session.asked.length).toBe(2);
    a.send(message('Q', 'begin'));
    await expect.poll(() => session.asked.at(-1)).toContain('begin');
    a.socket.destroy();
    b.send(message('Q', 'of b'));
    await expect.poll(() => session.asked.at(-1)).toContain('of b');
    expect(session.asked.some((text) => text.includes('ROLLBACK'))).toBe(true);
  });

  it('one that is silent inside a transaction for too long loses it', async () => {
    const a = open();
    a.send(message('Q', 'begin'));
    await expect.poll(() => a.received()).toContain('25P03');
    await expect.poll(() => session.asked.at(-1)).toContain('ROLLBACK');
  });

  it('a wrong password asks the database nothing', async () => {
    const a = open('wrong');
    await expect.poll(() => a.received()).toContain('28P01');
    expect(session.asked).toEqual([]);
  });
});
