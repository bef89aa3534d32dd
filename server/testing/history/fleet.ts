import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type ProxyLink, startTcpProxy, type TcpProxy } from '../tcp-proxy.ts';
import { Origin } from './origin.ts';
import type { Scenario } from './scenario.ts';
import { type FromWorker, fromWorker, type ToWorker, type WorkerOrders } from './worker-message.ts';

export interface FleetOptions {
  readonly seed: string;
  readonly redisPort: number;
  readonly workerPath: string;
  readonly engineDir: string;
  readonly scenario: Scenario;
  readonly onEvents: (message: Extract<FromWorker, { t: 'events' }>) => void;
  /** All that the process had sent has been heard. */
  readonly onGone: (process: string) => void;
  readonly onProblem: (text: string) => void;
}

/** One process of the workload, with the proxy through which alone it reaches Redis. */
export interface Worker {
  readonly name: string;
  readonly child: ChildProcess;
  readonly proxy: TcpProxy;
  /** Everything of it that ended by then has come in. */
  upToUs: number;
  ready: boolean;
  paused: boolean;
  /** Its end is meant. */
  ending: boolean;
}

/** The engine names each connection for what it is for. */
export function hasRole(link: ProxyLink, role: string): boolean {
  return link.head.includes(`sideboard-${role}`);
}

/** The connection on which the engine hears of changes to what it keeps within the process. */
export function hearsInvalidations(link: ProxyLink): boolean {
  return link.head.includes('__redis__:invalidate');
}

/** The processes of a workload. Each is started with a seed of its own, which its name and the run's seed give. */
export class Fleet {
  readonly origin = new Origin();
  readonly #options: FleetOptions;
  readonly #workers = new Map<string, Worker>();
  #started = 0;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  get started(): number {
    return this.#started;
  }

  /** Those that can be met by a fault. */
  workers(): Worker[] {
    return [...this.#workers.values()].filter(({ ready, ending }) => ready && !ending);
  }

  /** How many nobody is ending, ready or not: who ends one starts another. */
  get standing(): number {
    return [...this.#workers.values()].filter(({ ending }) => !ending).length;
  }

  worker(target: number): Worker | undefined {
    const workers = this.workers();
    return workers[Math.floor(target * workers.length)];
  }

  /** Up to here the whole fleet has told its history; Infinity when there is no fleet. */
  get upToUs(): number {
    let upToUs = Number.POSITIVE_INFINITY;
    for (const worker of this.#workers.values()) upToUs = Math.min(upToUs, worker.upToUs);
    return upToUs;
  }

  /** Resolves when its engine is ready. `sinceUs`: nothing of it is older. */
  async start(sinceUs: number): Promise<void> {
    const { seed, engineDir, scenario, redisPort, workerPath } = this.#options;
    this.#started += 1;
    const name = `p${this.#started}`;
    const proxy = await startTcpProxy(redisPort);
    proxy.onLink((link) => {
      link.onHead(() => {
        for (const { role, direction, delayMs } of scenario.delays) if (hasRole(link, role)) link.delay(direction, delayMs);
      });
    });
    const orders: WorkerOrders = { name, seed, engineDir, redisUrl: `redis://127.0.0.1:${proxy.port}`, scenario };
    const child = fork(workerPath, [JSON.stringify(orders)], { execArgv: ['--max-old-space-size=512'] });
    const worker: Worker = { name, child, proxy, upToUs: sinceUs, ready: false, paused: false, ending: false };
    this.#workers.set(name, worker);
    const ready = new Promise<void>((resolve) => {
      child.on('message', (raw) => {
        const message = fromWorker.parse(raw);
        if (message.t === 'ready') {
          worker.ready = true;
          resolve();
        } else this.#heard(worker, message);
      });
      child.once('exit', () => resolve());
    });
    child.once('exit', (code, signal) => {
      if (!worker.ending) this.#options.onProblem(`${name} ended by itself with ${signal ?? code}`);
    });
    await ready;
  }

  /** SIGKILL; resolves when all that it had sent has been heard. Its proxy goes with it. */
  async kill(worker: Worker): Promise<void> {
    worker.ending = true;
    worker.child.kill('SIGKILL');
    await this.#gone(worker);
  }

  pause(worker: Worker): void {
    worker.paused = true;
    worker.child.kill('SIGSTOP');
  }

  resume(worker: Worker): void {
    worker.paused = false;
    worker.child.kill('SIGCONT');
  }

  tell(worker: Worker, message: ToWorker): void {
    if (!worker.child.connected) return;
    worker.child.send(message, () => {
      // It may be gone by the time that this is written; its `exit` says so if nobody ended it.
    });
  }

  /** All clients end their operation, all engines close. */
  async stop(): Promise<void> {
    const workers = [...this.#workers.values()];
    for (const worker of workers) {
      if (worker.paused) this.resume(worker);
      worker.ending = true;
      this.tell(worker, { t: 'stop' });
    }
    await Promise.all(workers.map((worker) => this.#gone(worker)));
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => this.kill(worker)));
  }

  async #gone(worker: Worker): Promise<void> {
    const { child } = worker;
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve();
    const silent = child.connected ? once(child, 'disconnect') : Promise.resolve();
    await Promise.all([ended, silent]);
    if (this.#workers.delete(worker.name)) this.#options.onGone(worker.name);
    await worker.proxy.close();
  }

  #heard(worker: Worker, message: FromWorker): void {
    switch (message.t) {
      case 'asks': {
        const answers = message.asks.map((ask) => ({ ask: ask.ask, seq: this.origin.answer(ask, worker.name) }));
        this.tell(worker, { t: 'answers', answers });
        break;
      }
      case 'events':
        worker.upToUs = message.upToUs;
        this.#options.onEvents(message);
        break;
      case 'problem':
        this.#options.onProblem(`${worker.name}: ${message.text}`);
        break;
      case 'ready':
      case 'stopped':
        break;
    }
  }
}
