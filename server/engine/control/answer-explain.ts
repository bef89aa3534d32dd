import type { ControlExplained, ExplainMessage } from '../wire/control-message.ts';
import type { InstanceExplanation } from '../wire/explained.ts';

/** Explanations that are made at one time: being asked must not be work. Beyond, a question goes unanswered, and who asks sees this instance as pending. */
const explainingMax = 4;

interface ExplainAnswererParts {
  readonly instance: string;
  explain(entity: string, id: string): Promise<InstanceExplanation>;
  publish(channel: string, answer: ControlExplained): Promise<void>;
}

/** Answers those questions that name this instance. Rejects when the answer cannot be published. */
export function explainAnswerer({ instance, explain, publish }: ExplainAnswererParts): (question: ExplainMessage) => Promise<void> {
  let underWay = 0;
  return async ({ rev, entity, id, instances, replyTo }) => {
    if (!instances.includes(instance) || underWay >= explainingMax) return;
    underWay += 1;
    try {
      await publish(replyTo, { t: 'explained', rev, instance, explanation: await explain(entity, id) });
    } finally {
      underWay -= 1;
    }
  };
}
