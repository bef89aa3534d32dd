import { readInstances } from '../control/living-instances.ts';
import { instancesKey } from '../keys.ts';
import type { InstanceRecord } from '../wire/instance-record.ts';
import type { KeySpaceRef } from './operator.ts';
import type { OperatorConnection } from './operator-connection.ts';

/** The service's registry as it stands, dead instances too; oldest first. */
export async function listInstances(connection: OperatorConnection, ref: KeySpaceRef): Promise<InstanceRecord[]> {
  const [values] = await connection.run('reads', [{ name: 'HVALS', args: [instancesKey(ref)] }]);
  return readInstances(values).sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
}
