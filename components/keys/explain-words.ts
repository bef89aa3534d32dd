import type { ExplainView, InstanceRead } from '../../server/contract/keys.ts';

/** How many of those that were asked have answered. */
export function answeredWords({ answers, pending, living }: ExplainView): string {
  if (living === 0) return 'no instance of this service runs';
  const asked = answers.length + pending.length;
  const more = living > asked ? `; ${living} run` : '';
  if (pending.length > 0) return `${pending.length} of ${asked} did not answer within 1 s${more}`;
  return `${answers.length} of ${asked} ${asked === 1 ? 'instance' : 'instances'} answered${more}`;
}

/** What all that answered say alike, down to what their L1 holds; null where two of them differ. */
export function agreedRead({ answers }: ExplainView): InstanceRead | null {
  const [first] = answers;
  if (first === undefined || first.read === null) return null;
  const said = JSON.stringify(first.read);
  return answers.every(({ read }) => JSON.stringify(read) === said) ? first.read : null;
}
