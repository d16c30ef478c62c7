import { faint, type Line, type Span, TAB, textOf, type View } from "./span.ts";
import { cut, widthOf } from "./width.ts";

export interface Column {
  /** Written in capitals on a terminal. */
  readonly title: string;
  readonly align?: "left" | "right";
  /** Narrowed where the terminal is too narrow for the table. */
  readonly shrinks?: boolean;
  /** It is never narrowed below this; default 8. */
  readonly least?: number;
  /** What an empty cell shows on a terminal; default —. */
  readonly empty?: string;
}

interface TableOptions {
  /** Without a header on a terminal; piped tables always have one. */
  readonly bare?: boolean;
  /** Columns before the table on a terminal. */
  readonly indent?: number;
}

const GAP = 2;
const NARROWEST = 8;

/** A table: aligned on a terminal, a header line and rows with tabs when piped. An empty cell is — or, piped, -. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Span[])[],
  { view, bare = false, indent = 0 }: TableOptions & { readonly view: View },
): readonly Line[] {
  if (!view.isTerminal) return [columns.map(({ title }) => title.toLowerCase()), ...rows].map(tabbed);
  const header = columns.map(({ title }) => faint(title.toUpperCase()));
  return alignedRows(columns, bare ? rows : [header, ...rows], { available: view.columns, indent });
}

/** Rows in aligned columns, wherever they are shown. */
export function alignedRows(
  columns: readonly Column[],
  rows: readonly (readonly Span[])[],
  { available, indent = 0 }: { readonly available: number; readonly indent?: number },
): readonly Line[] {
  const widths = narrowed(columns, naturalWidths(columns, rows), available - indent);
  return rows.map((row) => aligned(columns, row, { widths, indent }));
}

function tabbed(row: readonly Span[]): Line {
  return row.flatMap((span, index) => {
    const cell = textOf(span) === "" ? "-" : textOf(span);
    return index === 0 ? [cell] : [TAB, cell];
  });
}

/** How wide the rows want to be. */
export function naturalWidth(columns: readonly Column[], rows: readonly (readonly Span[])[]): number {
  return sumWithGaps(naturalWidths(columns, rows));
}

function sumWithGaps(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1);
}

function naturalWidths(columns: readonly Column[], rows: readonly (readonly Span[])[]): readonly number[] {
  return columns.map((column, index) => Math.max(0, ...rows.map((row) => widthOf(textOf(shown(row[index], column))))));
}

/** Takes what is missing from the widest of the columns that may shrink. */
function narrowed(columns: readonly Column[], natural: readonly number[], available: number): readonly number[] {
  const widths = [...natural];
  let excess = sumWithGaps(widths) - available;
  while (excess > 0) {
    let widest = -1;
    for (const [index, column] of columns.entries()) {
      const width = widths[index] ?? 0;
      if (column.shrinks && width > (column.least ?? NARROWEST) && width > (widths[widest] ?? 0)) widest = index;
    }
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function aligned(
  columns: readonly Column[],
  row: readonly Span[],
  { widths, indent }: { readonly widths: readonly number[]; readonly indent: number },
): Line {
  const line: Span[] = [" ".repeat(indent)];
  for (const [index, column] of columns.entries()) {
    const width = widths[index] ?? 0;
    const span = cut(shown(row[index], column), width);
    const pad = " ".repeat(Math.max(0, width - widthOf(textOf(span))));
    const gap = index === 0 ? "" : " ".repeat(GAP);
    if (column.align === "right") line.push(gap + pad, span);
    else line.push(gap, span, pad);
  }
  return line;
}

function shown(span: Span | undefined, { empty = "—" }: Column): Span {
  return span === undefined || textOf(span) === "" ? faint(empty) : span;
}
