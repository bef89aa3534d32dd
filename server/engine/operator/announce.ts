import type { AckInbox, Announcement } from '../control/collect-acks.ts';
import { livingInstances } from '../control/living-instances.ts';
import { parseTimeReply } from '../control/redis-offset.ts';
import { controlChannel, instancesKey } from '../keys.ts';
import type { PipelineCommand } from '../redis/run-pipeline.ts';
import type { InstanceRecord } from '../wire/instance-record.ts';
import type { AckResult, KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';

/** Asked for in the pipeline of the change itself, so that who ought to answer is known whatever comes after. */
export function whoRuns(ref: KeySpaceRef): PipelineCommand[] {
  return [
    { name: 'TIME', args: [] },
    { name: 'HVALS', args: [instancesKey(ref)] },
  ];
}

/** The replies to `whoRuns`. */
export function readWhoRuns(replies: readonly unknown[]): InstanceRecord[] {
  return livingInstances(replies[1], parseTimeReply(replies[0]) ?? 0);
}

/**
 * Tells the service's instances of a change that stands already, and collects their answers. Never rejects: a change
 * that could not be told is pending everywhere, and instances read the documents each second anyway.
 */
export async function announce(
  connection: OperatorConnection,
  inbox: AckInbox,
  ref: KeySpaceRef,
  announcement: Announcement,
  expected: readonly string[],
): Promise<AckResult> {
  const message = JSON.stringify({ ...announcement, replyTo: inbox.channel });
  try {
    return await inbox.collect(announcement, async () => {
      await connection.run('changes', [{ name: 'PUBLISH', args: [controlChannel(ref), message] }]);
      return expected;
    });
  } catch {
    // Only the telling failed; its error would claim that the change did.
    return { ackedBy: [], pending: [...expected] };
  }
}
