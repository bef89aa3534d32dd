interface SwatchProps {
  fill?: string;
  line?: { color: string; dash?: string | undefined };
}

/** A sample of a chart's fill or line, with its pattern: a legend is never colour alone. */
export function Swatch({ fill, line }: SwatchProps) {
  return (
    <svg width="16" height="10" aria-hidden="true" focusable="false" className="sb-swatch">
      {fill !== undefined && <rect width="16" height="10" rx="1.5" fill={fill} />}
      {line !== undefined && (
        <line
          x1="0"
          y1="5"
          x2="16"
          y2="5"
          stroke={line.color}
          strokeWidth="2"
          {...(line.dash === undefined ? {} : { strokeDasharray: line.dash })}
        />
      )}
    </svg>
  );
}
