/** Builds `dist` when the sources are newer. True if it had to. */
export function ensureBuilt(say?: (line: string) => void): boolean;
