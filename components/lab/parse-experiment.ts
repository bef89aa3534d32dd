import { type ExperimentInput, experimentInput } from '../../server/contract/lab.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';

/** What stands in the form; a number field that was emptied holds text. */
export interface ExperimentFields {
  kind: 'down' | 'slow';
  latencyMs: number | string;
  seconds: number | string;
  reason: string;
}

export interface ParsedExperiment {
  experiment: ExperimentInput | null;
  errors: Partial<Record<keyof ExperimentFields, string>>;
}

/** Reads the form by the contract's own schema; the server applies it again. */
export function parseExperiment(scope: ServiceRef, fields: ExperimentFields): ParsedExperiment {
  const { latencyMs, ...rest } = fields;
  const result = experimentInput.safeParse({ ...scope, ...rest, ...(fields.kind === 'slow' ? { latencyMs } : {}) });
  if (result.success) return { experiment: result.data, errors: {} };
  const errors: ParsedExperiment['errors'] = {};
  for (const issue of result.error.issues) {
    const field = issue.path[0];
    if (field === 'seconds') errors.seconds ??= fields.seconds === '' ? 'say after how many seconds it ends' : issue.message;
    else if (field === 'latencyMs' || field === 'reason') errors[field] ??= issue.message;
  }
  return { experiment: null, errors };
}
