import { printable } from './printable.ts';

/**
 * Aligned columns, two spaces apart, without a space at the end of a line. With `width` the last column is cut to fit;
 * without it (a pipe, a file) nothing is.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | null | undefined)[])[],
  width?: number,
): string[] {
  const cells = [head, ...rows].map((row) => row.map((cell) => printable(cell ?? '')));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => [...(row[column] ?? '')].length)));
  return cells.map((row) => {
    const line = row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - [...cell].length))
      .join('  ')
      .trimEnd();
    return width === undefined ? line : cut(line, width);
  });
}

/** At most `width` characters, the last one an ellipsis where something is missing. */
export function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}
