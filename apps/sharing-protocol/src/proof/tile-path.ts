/** A tile of the tree, whole (256 hashes wide) or a part of one. */
export interface TilePlace {
  readonly level: number;
  readonly n: number;
  readonly width: number;
}

/**
 * Reads `<L>/<N>[.p/<W>]` (C2SP tlog-tiles): the index in groups of three digits, all but the last beginning with x. Undefined for every other
 * spelling, and for an index of more than nine digits, which no log comes to.
 */
export function readTilePath(level: string, rest: string): TilePlace | undefined {
  const [, groups, width] = /^((?:x[0-9]{3}\/){0,2}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(rest) ?? [];
  if (groups === undefined || !/^(0|[1-9][0-9]?)$/.test(level) || Number(level) > 63) return undefined;
  // One spelling each: no group of zeros before the first that counts.
  if (groups.startsWith('x000/')) return undefined;
  const n = Number(groups.replaceAll(/[x/]/g, ''));
  if (!Number.isSafeInteger(n) || (width !== undefined && Number(width) > 255)) return undefined;
  return { level: Number(level), n, width: width === undefined ? 256 : Number(width) };
}

/** The path of a tile below the prefix `tile/`. */
export function tilePath({ level, n, width }: TilePlace): string {
  const digits = String(n).padStart(Math.ceil(String(n).length / 3) * 3, '0');
  const groups = digits.match(/.{3}/g) ?? [];
  const spelt = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `${String(level)}/${spelt}${width === 256 ? '' : `.p/${String(width)}`}`;
}
