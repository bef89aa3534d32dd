const PARTS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
  [1, 'ms'],
] as const;

/** `5_430_000` -> `1 h 30 min 30 s`: exact, unlike the rounded text of charts, so that `parseDuration` gives the same ms back. */
export function spellDuration(ms: number): string {
  const words: string[] = [];
  let rest = Math.round(ms);
  for (const [size, name] of PARTS) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) words.push(`${amount} ${name}`);
  }
  return words.length === 0 ? '0 s' : words.join(' ');
}
