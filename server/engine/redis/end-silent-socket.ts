import { Unavailable } from '../errors.ts';

/** Of an ioredis client. */
interface Watched {
  readonly stream: {
    readonly bytesRead: number;
    destroy(error: Error): unknown;
    once(event: 'close', listener: () => void): unknown;
  };
  readonly commandQueue: { readonly length: number };
  on(event: 'connect', listener: () => void): unknown;
}

/** Looks in that time; one more makes it sure. */
const LOOKS = 4;

/**
 * Ends a connection on which a command has waited `silentMs` without a byte, or up to a quarter longer: it is dead, whatever its
 * socket says, and the next may be better. Not ioredis' `socketTimeout`, which sets a timer and a listener for each command that
 * waits alone, and takes a process that was busy for a silent server: sockets are read between two looks, however late they come.
 */
export function endSilentSocket(client: Watched, silentMs: number): void {
  client.on('connect', () => {
    const { stream } = client;
    let { bytesRead } = stream;
    let silent = 0;
    const timer = setInterval(() => {
      const waits = client.commandQueue.length > 0 && stream.bytesRead === bytesRead;
      silent = waits ? silent + 1 : 0;
      bytesRead = stream.bytesRead;
      if (silent > LOOKS) stream.destroy(new Unavailable('Redis did not answer in time'));
    }, silentMs / LOOKS);
    timer.unref();
    stream.once('close', () => clearInterval(timer));
  });
}
