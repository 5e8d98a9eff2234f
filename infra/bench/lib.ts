/** The middle value; of an even number the upper one. NaN for none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** A measured figure beside what it is measured against. */
export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** Of the same run, interleaved; null where the target is absolute. */
  readonly baseline?: number | null;
  /** The least ratio to the baseline, or with `atMost` the most; null where the figure is only reported. */
  readonly target?: number | null;
  /** Median of the rounds' own ratios, where the machine's speed varies more than the ratio does. */
  readonly ratio?: number;
  /** Smaller is better; without a baseline the target is then in the figure's unit. */
  readonly atMost?: boolean;
}

/** Prints one JSON line: {"bench","figure","value","unit","baseline","ratio","target","met"}. */
export function figure({ bench, figure: name, value, unit, baseline = null, target = null, ...rest }: Figure): void {
  const ratio = rest.ratio ?? (baseline === null ? null : value / baseline);
  const measured = ratio ?? value;
  const met = target === null ? null : rest.atMost === true ? measured <= target : measured >= target;
  const line = { bench, figure: name, value: round(value), unit, baseline: baseline === null ? null : round(baseline) };
  process.stdout.write(`${JSON.stringify({ ...line, ratio: ratio === null ? null : round(ratio), target, met })}\n`);
}

/** Three decimals below 100, none above. */
function round(value: number): number {
  return Math.abs(value) < 100 ? Number(value.toFixed(3)) : Math.round(value);
}
