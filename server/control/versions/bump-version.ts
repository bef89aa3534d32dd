import { showVersion } from 'sideboard-engine';
import { type BumpReceiptView, bumpInput } from '../../contract/versions.ts';
import { ControlError } from '../control-error.ts';
import { defineAction } from '../define-action.ts';

/** Starts a new version of one entity: all its older entries are unreachable at once. */
export const bumpVersion = defineAction({
  name: 'versions.bump',
  permission: 'versions.bump',
  input: bumpInput,
  audit: { target: ({ env, service, entity }) => `${env} / ${service} / ${entity}` },
  idempotencyKey: (input) => input.idempotencyKey,
  async run({ deps, auditId }, { env, service, entity, expectedRev }): Promise<{ result: BumpReceiptView; before: unknown }> {
    const outcome = await deps.operator.bump({ env, service }, entity, { expectedRev });
    if (outcome.kind === 'conflict') {
      const version = outcome.record === null ? null : showVersion(outcome.record.ns);
      throw new ControlError('CONFLICT', `${entity} is at ${version === null ? 'no version' : `version ${version}`} now.`, {
        details: { rev: outcome.record?.rev ?? null, version },
      });
    }
    const { record, ackedBy, pending } = outcome;
    return {
      before: { rev: expectedRev, version: record.prev === null ? null : showVersion(record.prev) },
      result: {
        entity,
        version: showVersion(record.ns),
        previous: record.prev === null ? null : showVersion(record.prev),
        rev: record.rev,
        ackedBy,
        pending,
        auditId,
      },
    };
  },
});
