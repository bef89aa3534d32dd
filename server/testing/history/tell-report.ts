import type { HistoryReport } from './run-history.ts';

/** One line: the seed, how much there was of everything, and what the checker found. */
export function tellReport(report: HistoryReport): string {
  const {
    seed,
    reads,
    checked,
    checkedLocal,
    operations,
    processes,
    faults,
    faultCount,
    violations,
    violationCounts,
    redAfterMs,
    historyPath,
  } = report;
  const found = sum(violationCounts);
  return [
    `seed ${seed}`,
    `${amount(reads)} reads (${amount(checked)} checked${checkedLocal === 0 ? '' : `, ${amount(checkedLocal)} of them answered by the process`})`,
    `${amount(operations)} operations of ${amount(processes)} processes`,
    `${amount(faultCount)} faults${named(faults)}`,
    `${(report.tookMs / 60_000).toFixed(1)} min`,
    ...(report.late === 0 ? [] : [`${amount(report.late)} events came too late to be checked`]),
    `${amount(found)} violations${named(violationCounts)}`,
    ...(redAfterMs === null ? [] : [`the first after ${(redAfterMs / 1_000).toFixed(1)} s`]),
    ...(historyPath === null || violations.length === 0 ? [] : [`history in ${historyPath}`]),
  ].join(', ');
}

/** The most frequent first; those that never happened are left out. */
function named(counts: Readonly<Record<string, number>>): string {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  if (some.length === 0) return '';
  return ` (${some
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${amount(count)}`)
    .join(', ')})`;
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function amount(count: number): string {
  return count.toLocaleString('en');
}
