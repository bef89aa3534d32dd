import type { LiveMark } from '../../server/contract/live.ts';

const letters: Record<LiveMark['kind'], string> = { invalidate: 'I', bump: 'B', policy: 'P', experiment: 'E' };

interface MarkFlagProps {
  viewBox: unknown;
  mark: LiveMark;
}

/** The head of a mark's line: a letter for its kind; pointing at it tells who did what. */
export function MarkFlag({ viewBox, mark }: MarkFlagProps) {
  const { x, y } = boxOf(viewBox);
  return (
    <g>
      <title>{`${mark.label} · ${mark.by}`}</title>
      <rect x={x - 6} y={y - 13} width={12} height={12} rx={2} fill="var(--sb-mark)" />
      <text x={x} y={y - 3.5} textAnchor="middle" fontSize={9} fontWeight={700} fill="#1a1a1a">
        {letters[mark.kind]}
      </text>
    </g>
  );
}

function boxOf(viewBox: unknown): { x: number; y: number } {
  if (typeof viewBox !== 'object' || viewBox === null) return { x: 0, y: 0 };
  const x = 'x' in viewBox && typeof viewBox.x === 'number' ? viewBox.x : 0;
  const y = 'y' in viewBox && typeof viewBox.y === 'number' ? viewBox.y : 0;
  return { x, y };
}
