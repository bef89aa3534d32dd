import { formatDuration } from '../../server/contract/units.ts';
import classes from './shell.module.css';

interface AckReceiptProps {
  ackedBy: readonly { instance: string; afterMs: number }[];
  pending: readonly string[];
  auditId: string;
}

/** Who acknowledged a change, after how long, who has not yet, and where the audit has it. */
export function AckReceipt({ ackedBy, pending, auditId }: AckReceiptProps) {
  const all = ackedBy.length + pending.length;
  const slowest = Math.max(0, ...ackedBy.map((ack) => ack.afterMs));
  return (
    <div>
      <strong>
        {all === 0
          ? 'No instance is running: it holds from the next start on.'
          : `Acknowledged by ${ackedBy.length} of ${all} instances${ackedBy.length === 0 ? '' : `, the last after ${formatDuration(slowest)}`}.`}
      </strong>
      <ul className={classes['acks']}>
        {ackedBy.map((ack) => (
          <li key={ack.instance}>
            <code>{ack.instance.slice(-6)}</code> {formatDuration(ack.afterMs)}
          </li>
        ))}
        {pending.map((instance) => (
          <li key={instance}>
            <code>{instance.slice(-6)}</code> not yet
          </li>
        ))}
        <li className={classes['ackAudit']}>
          audit <code>{auditId}</code>
        </li>
      </ul>
    </div>
  );
}
