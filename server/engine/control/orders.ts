import type { CacheEvent } from '../events.ts';
import type { FaultSwitch } from '../fault/fault-switch.ts';
import { faultsKey, policiesKey } from '../keys.ts';
import type { KeySpaceRef } from '../operator/operator.ts';
import type { PipelineCommand } from '../redis/run-pipeline.ts';
import type { ControlMessage, ExplainMessage } from '../wire/control-message.ts';
import { faultDocument } from '../wire/fault-order.ts';
import { type PolicyDocument, policyDocument } from '../wire/policy-document.ts';
import { parseJson } from './parse-json.ts';

interface OrdersHost {
  readonly ref: KeySpaceRef;
  applyPolicies(document: PolicyDocument): void;
  versionSeen(entity: string, rev: string): void;
  emit(event: CacheEvent): void;
}

interface OrdersIo {
  readonly faults: FaultSwitch;
  /** Redis time, ms since 1970. */
  redisNow(): number;
  /** Rejects when Redis does not answer. */
  ask(commands: readonly PipelineCommand[]): Promise<unknown[]>;
}

/**
 * What the console orders this instance: policies and faults, each a document in Redis that is read every beat and whenever a
 * message says that it has changed; and versions, which reads look up by themselves. The newest of each is in force.
 */
export class Orders {
  readonly #host: OrdersHost;
  readonly #io: OrdersIo;
  #policyRev: number | null = null;

  constructor(host: OrdersHost, io: OrdersIo) {
    this.#host = host;
    this.#io = io;
  }

  /** Revision of the policies in force; null while they are the code's own. */
  get policyRev(): number | null {
    return this.#policyRev;
  }

  /** Their replies are for `take`. */
  get commands(): [PipelineCommand, PipelineCommand] {
    const { ref } = this.#host;
    return [
      { name: 'GET', args: [policiesKey(ref)] },
      { name: 'GET', args: [faultsKey(ref)] },
    ];
  }

  take(policies: unknown, faults: unknown): void {
    this.#takePolicies(policies);
    this.#takeFaults(faults);
  }

  /** True when what the message tells of, or something later, is in force here. Rejects when Redis does not answer. */
  async obey(message: Exclude<ControlMessage, ExplainMessage>): Promise<boolean> {
    const { faults } = this.#io;
    if (message.t === 'bump') {
      this.#host.versionSeen(message.entity, message.rev);
      return true;
    }
    const [readPolicies, readFaults] = this.commands;
    if (message.t === 'policies') {
      const [reply] = await this.#io.ask([readPolicies]);
      this.#takePolicies(reply);
      return this.#policyRev !== null && this.#policyRev >= message.rev;
    }
    const [reply] = await this.#io.ask([readFaults]);
    return this.#takeFaults(reply) && faults.rev !== null && faults.rev >= message.rev;
  }

  /** A document that Redis has lost, or that is none, leaves in force what is in force. */
  #takePolicies(reply: unknown): void {
    if (!Buffer.isBuffer(reply)) return;
    const document = parseJson(policyDocument, reply);
    if (document === null) this.#rejected('policies');
    else if (this.#policyRev === null || document.rev > this.#policyRev) {
      this.#policyRev = document.rev;
      this.#host.applyPolicies(document);
    }
  }

  /** True where every order of the document is understood, and obeyed. */
  #takeFaults(reply: unknown): boolean {
    if (!Buffer.isBuffer(reply)) return false;
    const document = parseJson(faultDocument, reply);
    const understood = document !== null && document.unreadable === 0;
    if (!understood) this.#rejected('faults');
    const obeyed = document !== null && this.#io.faults.apply(document, this.#io.redisNow());
    return understood && obeyed;
  }

  #rejected(what: 'policies' | 'faults'): void {
    this.#host.emit({ type: 'control.rejected', what, reason: 'not of its form' });
  }
}
