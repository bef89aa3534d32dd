import { describe, expect, it } from 'vitest';
import { parseExperiment } from './parse-experiment.ts';

const scope = { env: 'demo', service: 'shop' };

describe('the experiment form', () => {
  it('a fault without an end is refused in plain words', () => {
    const { experiment, errors } = parseExperiment(scope, { kind: 'down', latencyMs: 200, seconds: '', reason: 'a drill' });
    expect([experiment, errors]).toEqual([null, { seconds: 'say after how many seconds it ends' }]);
  });
  it('the latency of the other fault is left out', () => {
    const { experiment } = parseExperiment(scope, { kind: 'down', latencyMs: 200, seconds: 10, reason: 'a drill' });
    expect(experiment).toEqual({ kind: 'down', ...scope, seconds: 10, reason: 'a drill' });
  });
  it('each error stands at its field', () => {
    const { errors } = parseExperiment(scope, { kind: 'slow', latencyMs: 0, seconds: 901, reason: 'x' });
    expect(Object.keys(errors).sort()).toEqual(['latencyMs', 'reason', 'seconds']);
  });
});
