/**
 * Microseconds of the machine's monotonic clock. `process.hrtime` reads CLOCK_MONOTONIC, which has one zero for all processes
 * of a machine and which no step of the wall clock moves, so two of these from two processes can be compared. A double
 * holds them to a fraction of a microsecond for 200 years of uptime.
 */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint()) / 1_000;
}
