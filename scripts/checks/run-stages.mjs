import { seconds } from '../setup/progress.mjs';

/**
 * Runs stages one after the other, all of them, with a line for each; the output of one that failed is shown.
 * @param {import('./stages.mjs').Stage[]} stages
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runStages(stages) {
  const sum = { passed: 0, failed: 0 };
  for (const stage of stages) {
    const startedMs = Date.now();
    const result = await stage.run();
    sum.passed += result.passed;
    sum.failed += result.failed;
    const time = seconds(Date.now() - startedMs);
    const tests = result.passed + result.failed > 0 && result.passed > 0 ? `, ${result.passed} passed` : '';
    if (result.problem === null) console.log(`  ✓ ${stage.what} (${time}${tests})`);
    else console.log(`  ✗ ${stage.what} (${time}${tests}): ${result.problem}\n${indent(result.output)}`);
  }
  return sum;
}

/** Runs lanes of stages beside each other. */
export async function runLanes(lanes) {
  return addUp(await Promise.all(lanes.map(runStages)));
}

export function addUp(counts) {
  return counts.reduce((sum, each) => ({ passed: sum.passed + each.passed, failed: sum.failed + each.failed }), { passed: 0, failed: 0 });
}

function indent(output) {
  return output
    .trimEnd()
    .split('\n')
    .map((line) => `      ${line}`)
    .join('\n');
}
