/**
 * Lets many Postgres clients share the one session of a PGlite.
 *
 * The socket server that comes with PGlite queues single protocol messages, so the Parse of one client lands between the Parse
 * and the Bind of another: with four pools it answered clients with rows of others. Here the unit is everything up to a Sync, and
 * a client that is inside a transaction keeps the session until it ends, goes, or is silent for too long.
 *
 * One session for all: SET, LISTEN, advisory locks, temporary tables and named statements are shared, so nobody may use them.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:net';

const CLIENTS_MAX = 100;
const MESSAGE_BYTES_MAX = 64 << 20;
/** Units of one client that wait for the session; a pool sends one at a time. */
const UNITS_MAX = 256;

const PROTOCOL_3 = 196_608;
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const CANCEL_REQUEST = 80_877_102;

/** Messages after which the server answers on its own account: Query, Sync, FunctionCall, Flush, CopyDone, CopyFail. */
const UNIT_ENDS = new Set([...'QSFHcf'].map((letter) => letter.charCodeAt(0)));
const TERMINATE = 'X'.charCodeAt(0);
const PASSWORD = 'p'.charCodeAt(0);
const READY_FOR_QUERY = 'Z'.charCodeAt(0);
const IDLE = 'I'.charCodeAt(0);

const ASK_PASSWORD = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
const SYNC = Uint8Array.from([0x53, 0, 0, 0, 4]);
const ROLLBACK = typedMessage('Q', 'ROLLBACK\0');

/**
 * @param {import('@electric-sql/pglite').PGlite} db
 * @param {{ password: string, silentInTransactionMsMax?: number, report?: (line: string) => void }} options
 *   `silentInTransactionMsMax`: a client that holds the session and sends nothing for so long loses its transaction and connection.
 * @returns {{ listen(port: number, host: string): Promise<number>, close(): Promise<void> }} `listen` resolves with the port
 */
export function createFront(db, { password, silentInTransactionMsMax = 10_000, report = () => {} }) {
  const clients = new Set();
  /** Clients with a unit to run, in the order in which they asked. */
  const waiting = [];
  let holder = null;
  let silence = null;
  let running = null;
  let closing = false;

  const server = createServer({ noDelay: true }, (socket) => {
    const client = { socket, started: false, admitted: false, startup: null, buffered: Buffer.alloc(0), parts: [], units: [], gone: false };
    // A reset is how many clients leave; 'close' follows and does the work.
    socket.on('error', () => {});
    if (closing || clients.size >= CLIENTS_MAX) return refuse(client, '53300', 'too many connections');
    clients.add(client);
    socket.on('data', (chunk) => receive(client, chunk));
    socket.on('close', () => leave(client));
  });

  function receive(client, chunk) {
    client.buffered = client.buffered.length === 0 ? chunk : Buffer.concat([client.buffered, chunk]);
    while (!client.gone) {
      const message = client.started ? nextTyped(client) : nextStartup(client);
      if (message === null) return;
      if (client.started) take(client, message);
      else greet(client, message);
    }
  }

  function greet(client, message) {
    const code = message.readInt32BE(4);
    if (code === SSL_REQUEST || code === GSS_REQUEST) client.socket.write('N');
    else if (code === PROTOCOL_3) {
      client.started = true;
      client.startup = message;
      client.socket.write(ASK_PASSWORD);
    } else if (code === CANCEL_REQUEST) client.socket.end();
    else refuse(client, '08P01', 'unsupported protocol');
  }

  function take(client, message) {
    const type = message[0];
    if (type === TERMINATE) {
      client.socket.end();
      return;
    }
    if (!client.admitted) {
      if (type !== PASSWORD || !samePassword(message.subarray(5, -1), password)) {
        refuse(client, '28P01', 'password authentication failed');
        return;
      }
      client.admitted = true;
      ask(client, client.startup);
      return;
    }
    client.parts.push(message);
    if (!UNIT_ENDS.has(type)) return;
    ask(client, Buffer.concat(client.parts));
    client.parts = [];
  }

  function ask(client, unit) {
    if (client.units.length >= UNITS_MAX) return refuse(client, '53400', 'too many queries at once');
    client.units.push(unit);
    waiting.push(client);
    pump();
  }

  function pump() {
    if (running !== null) return;
    const next = holder === null ? waiting.shift() : waiting.splice(waiting.indexOf(holder) >>> 0, 1)[0];
    if (next === undefined) return;
    const unit = next.units.shift();
    if (unit === undefined) return pump();
    running = run(next, unit).finally(() => {
      running = null;
      pump();
    });
  }

  async function run(client, unit) {
    clearTimeout(silence);
    try {
      const status = await exchange(unit, (bytes) => {
        if (!client.gone) client.socket.write(bytes);
      });
      holder = status === IDLE ? null : client;
    } catch (error) {
      report(`a query ended the session's turn: ${error instanceof Error ? error.message : String(error)}`);
      holder = client;
      refuse(client, 'XX000', 'the database failed on this query');
    }
    if (holder === null) return;
    if (client.gone) await release();
    else silence = setTimeout(() => refuse(client, '25P03', 'silent inside a transaction for too long'), silentInTransactionMsMax);
  }

  /** Runs protocol bytes; resolves with the status of the last ReadyForQuery, or null if there was none. */
  async function exchange(unit, onBytes) {
    let tail = Buffer.alloc(0);
    await db.runExclusive(() =>
      db.execProtocolRawStream(new Uint8Array(unit), {
        onRawData: (data) => {
          const bytes = Buffer.from(data);
          tail = bytes.length >= 6 ? bytes.subarray(-6) : Buffer.concat([tail, bytes]).subarray(-6);
          onBytes(bytes);
        },
      }),
    );
    return tail.length === 6 && tail[0] === READY_FOR_QUERY ? tail[5] : null;
  }

  /** Gives the session back for a client that went away inside a transaction. */
  async function release() {
    try {
      await exchange(SYNC, () => {});
      await exchange(ROLLBACK, () => {});
    } catch (error) {
      report(`could not roll back: ${error instanceof Error ? error.message : String(error)}`);
    }
    holder = null;
  }

  function leave(client) {
    client.gone = true;
    client.units = [];
    clients.delete(client);
    for (let i = waiting.length - 1; i >= 0; i -= 1) if (waiting[i] === client) waiting.splice(i, 1);
    if (holder !== client || running !== null) return;
    clearTimeout(silence);
    running = release().finally(() => {
      running = null;
      pump();
    });
  }

  function refuse(client, code, why) {
    const fields = `SFATAL\0VFATAL\0C${code}\0M${why}\0\0`;
    client.socket.end(typedMessage('E', fields));
    client.socket.destroySoon();
    leave(client);
  }

  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => resolve(server.address().port));
      }),
    async close() {
      closing = true;
      clearTimeout(silence);
      const ended = new Promise((resolve) => server.close(resolve));
      waiting.length = 0;
      for (const client of clients) client.socket.destroy();
      await ended;
      while (running !== null) await running;
    },
  };
}

function nextStartup(client) {
  if (client.buffered.length < 8) return null;
  return cut(client, client.buffered.readInt32BE(0), 8);
}

function nextTyped(client) {
  if (client.buffered.length < 5) return null;
  return cut(client, 1 + client.buffered.readInt32BE(1), 5);
}

/** Takes one whole message off the buffer, or null until it is there. A length that cannot be right ends the connection. */
function cut(client, length, lengthMin) {
  if (length < lengthMin || length > MESSAGE_BYTES_MAX) {
    client.socket.destroy();
    return null;
  }
  if (client.buffered.length < length) return null;
  const message = client.buffered.subarray(0, length);
  client.buffered = client.buffered.subarray(length);
  return message;
}

function samePassword(given, expected) {
  const wanted = Buffer.from(expected);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function typedMessage(type, body) {
  const message = Buffer.alloc(5 + Buffer.byteLength(body));
  message.write(type, 0, 'latin1');
  message.writeInt32BE(message.length - 1, 1);
  message.write(body, 5, 'utf8');
  return message;
}
