import { describe, expect, it } from 'vitest';
import { faultMenu, plainFault, presets } from './fault-menu.ts';
import { type ExperimentFields, parseExperiment } from './parse-experiment.ts';

const scope = { env: 'demo', service: 'shop' };
const fields = (part: Partial<ExperimentFields> = {}): ExperimentFields => ({
  ...plainFault,
  instancesPercent: 100,
  seconds: 10,
  reason: 'a drill',
  ...part,
});

describe('the experiment form', () => {
  it('a fault without an end is refused in plain words', () => {
    const { experiment, errors } = parseExperiment(scope, fields({ seconds: '' }));
    expect([experiment, errors]).toEqual([null, { seconds: 'say after how many seconds it ends' }]);
  });

  it('what another fault would need is left out', () => {
    const { experiment } = parseExperiment(scope, fields({ latencyMs: '', bytesPerSecond: -1 }));
    expect(experiment).toEqual({
      ...scope,
      fault: { kind: 'refuse', roles: ['read', 'write', 'lease', 'subscriber'], probability: 1 },
      instancesPercent: 100,
      seconds: 10,
      reason: 'a drill',
    });
  });

  it('each error stands at its field', () => {
    const wrong = { latencyMs: 0, jitterMs: '', roles: [], probabilityPercent: 101, instancesPercent: 0, seconds: 901, reason: 'x' };
    const { errors } = parseExperiment(scope, fields({ kind: 'latency', ...wrong }));
    expect(Object.keys(errors).sort()).toEqual(Object.keys(wrong).sort());
  });

  it('an error reply is for those who send commands', () => {
    expect(parseExperiment(scope, fields({ kind: 'error-reply' })).experiment?.fault).toMatchObject({ roles: ['read', 'write', 'lease'] });
    expect(parseExperiment(scope, fields({ kind: 'error-reply', roles: ['subscriber'] })).errors).toEqual({ roles: 'choose at least one' });
  });

  it('every fault of the menu and every preset can be started as it stands', () => {
    const kinds = faultMenu.flatMap(({ entries }) => entries.map(({ kind }) => ({ ...plainFault, kind })));
    for (const part of [...kinds, ...presets.map((preset) => preset.fields)]) {
      expect([part.kind, parseExperiment(scope, fields(part)).errors]).toEqual([part.kind, {}]);
    }
    expect(new Set(kinds.map(({ kind }) => kind)).size).toBe(11);
  });
});
