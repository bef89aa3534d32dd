import { DATA_ROLES, type ExperimentInput, experimentInput, type FaultKind } from '../../server/contract/lab.ts';
import type { ServiceRef } from '../../server/contract/service-ref.ts';

/** What stands in the form; a number field that was emptied holds text. */
export interface ExperimentFields {
  kind: FaultKind;
  direction: string;
  error: string;
  latencyMs: number | string;
  jitterMs: number | string;
  bytesPerSecond: number | string;
  roles: string[];
  probabilityPercent: number | string;
  instancesPercent: number | string;
  seconds: number | string;
  reason: string;
}

export interface ParsedExperiment {
  experiment: ExperimentInput | null;
  errors: Partial<Record<keyof ExperimentFields, string>>;
}

type OwnField = 'direction' | 'error' | 'latencyMs' | 'jitterMs' | 'bytesPerSecond' | 'roles';

/** Which fields a fault has beside how often it strikes. */
const OWN_FIELDS: Record<FaultKind, readonly OwnField[]> = {
  refuse: ['roles'],
  'black-hole': ['direction', 'roles'],
  latency: ['direction', 'latencyMs', 'jitterMs', 'roles'],
  bandwidth: ['direction', 'bytesPerSecond', 'roles'],
  reset: ['roles'],
  'error-reply': ['error', 'roles'],
  'forced-miss': [],
  'corrupt-payload': [],
  'slow-origin': ['latencyMs', 'jitterMs'],
  'failing-origin': [],
  'l1-off': [],
};

export function hasField(kind: FaultKind, field: OwnField): boolean {
  return OWN_FIELDS[kind].includes(field);
}

/** Whose connections a fault can strike; a subscriber sends no command that an error could answer. */
export function strikesRole(kind: FaultKind, role: string): boolean {
  return kind !== 'error-reply' || DATA_ROLES.some((one) => one === role);
}

/** Reads the form by the contract's own schema; the server applies it again. */
export function parseExperiment(scope: ServiceRef, fields: ExperimentFields): ParsedExperiment {
  const { kind, probabilityPercent, instancesPercent, seconds, reason } = fields;
  const values = { ...fields, roles: fields.roles.filter((role) => strikesRole(kind, role)) };
  const own = Object.fromEntries(OWN_FIELDS[kind].map((field) => [field, values[field]]));
  const probability = typeof probabilityPercent === 'number' ? probabilityPercent / 100 : probabilityPercent;
  const result = experimentInput.safeParse({ ...scope, fault: { kind, probability, ...own }, instancesPercent, seconds, reason });
  if (result.success) return { experiment: result.data, errors: {} };
  const errors: ParsedExperiment['errors'] = {};
  for (const { path, message } of result.error.issues) {
    const field = path[0] === 'fault' ? path[1] : path[0];
    if (field === 'seconds') errors.seconds ??= fields.seconds === '' ? 'say after how many seconds it ends' : message;
    else if (field === 'probability') errors.probabilityPercent ??= 'must be over 0 and at most 100%';
    else if (isField(field, fields)) errors[field] ??= message;
  }
  return { experiment: null, errors };
}

function isField(name: PropertyKey | undefined, fields: ExperimentFields): name is keyof ExperimentFields {
  return typeof name === 'string' && Object.hasOwn(fields, name);
}
