/** The fills that charts and legends share. Rendered once per page; `url(#...)` finds them from any chart. */
export function ChartPatterns() {
  return (
    <svg width="0" height="0" aria-hidden="true" focusable="false" className="sb-patterns">
      <defs>
        <pattern id="sb-fill-hit" width="8" height="8" patternUnits="userSpaceOnUse">
          <rect width="8" height="8" fill="var(--sb-hit)" />
        </pattern>
        <pattern id="sb-fill-stale" width="6" height="6" patternUnits="userSpaceOnUse">
          <rect width="6" height="6" fill="var(--sb-stale)" />
          <path d="M0 3H6" stroke="var(--sb-pattern-ink)" strokeWidth="1.5" />
        </pattern>
        <pattern id="sb-fill-miss" width="6" height="6" patternUnits="userSpaceOnUse">
          <rect width="6" height="6" fill="var(--sb-miss)" />
          <circle cx="1.5" cy="1.5" r="1" fill="var(--sb-pattern-ink)" />
          <circle cx="4.5" cy="4.5" r="1" fill="var(--sb-pattern-ink)" />
        </pattern>
        <pattern id="sb-fill-unavailable" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="6" height="6" fill="var(--sb-unavailable-ground)" />
          <rect width="3" height="6" fill="var(--sb-unavailable)" />
        </pattern>
        <pattern id="sb-fill-partial" width="4" height="4" patternUnits="userSpaceOnUse">
          <circle cx="1" cy="1" r="0.75" fill="var(--sb-axis)" />
        </pattern>
      </defs>
    </svg>
  );
}
