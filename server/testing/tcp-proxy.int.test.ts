import { connect } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startRedisServer } from './redis-server.ts';
import { startTcpProxy } from './tcp-proxy.ts';

const LINKS = 8;

it('a link that is reset before its server has taken it is gone at once', async () => {
  // More than the system takes for a server that does not.
  const server = await startRedisServer({ args: ['--tcp-backlog', '1'] });
  onTestFinished(() => server.stop());
  const proxy = await startTcpProxy(server.port);
  server.pause();
  try {
    for (let link = 0; link < LINKS; link += 1) {
      connect({ host: '127.0.0.1', port: proxy.port }).on('error', () => {
        // The reset.
      });
    }
    await vi.waitFor(() => expect(proxy.links()).toHaveLength(LINKS));
    for (const link of proxy.links()) link.reset();
    await vi.waitFor(() => expect(proxy.links()).toEqual([]));
  } finally {
    server.resume();
    await proxy.close();
  }
});
