const STEPS = [1, 2, 2.5, 5, 10] as const;
const SPACES_MAX = 4;
/** An amount a hair above a step draws no whole step more, as memory at its limit is. */
const OVER = 0.05;

/**
 * Round amounts from zero to at or above `max`, with at most `spaces` (1 to 4) steps between. `base` 1024 gives steps that are round in KiB and MiB.
 */
export function niceTicks(max: number, spaces: number, base: 10 | 1024 = 10): number[] {
  const room = Math.min(SPACES_MAX, Math.max(1, spaces));
  const top = max > 0 ? max : 1;
  const least = top / room;
  const unit =
    base === 10 ? 10 ** Math.floor(Math.log10(least)) : tenthsOf(1024 ** Math.floor(Math.log(Math.max(1, least)) / Math.log(1024)), least);
  const step = (STEPS.find((factor) => factor * unit >= least) ?? 10) * unit;
  const count = Math.max(1, Math.ceil(top / step - OVER));
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

/** 1, 10 or 100 of a binary unit, whichever is just below `amount`. */
function tenthsOf(unit: number, amount: number): number {
  return unit * 10 ** Math.max(0, Math.floor(Math.log10(amount / unit)));
}
