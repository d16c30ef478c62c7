import { visibleText } from "../../documents/visible-text.ts";
import { type Line, retext, type Span, textOf } from "./span.ts";

/** East Asian wide characters and pictographs take two columns. */
const WIDE =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\uff01-\uff60]/u;
const MARK = /\p{Mark}/u;

/** How many columns a text takes on a terminal, after its invisible characters were made visible. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of visibleText(text)) {
    if (!MARK.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

export function widthOfLine(line: Line): number {
  return line.reduce((sum, span) => sum + widthOf(textOf(span)), 0);
}

/** At most `columns` wide, with an ellipsis where something is cut. */
export function cut(span: Span, columns: number): Span {
  const text = visibleText(textOf(span));
  if (widthOf(text) <= columns) return span;
  let kept = "";
  let width = 0;
  for (const character of text) {
    const step = widthOf(character);
    if (width + step > columns - 1) break;
    kept += character;
    width += step;
  }
  return retext(span, `${kept}…`);
}

/** Breaks a text that is too long into lines at spaces; a word that is longer than a line stands alone. */
export function wrap(text: string, columns: number): readonly string[] {
  if (widthOf(text) <= columns) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/ +/)) {
    if (line === "") line = word;
    else if (widthOf(line) + 1 + widthOf(word) <= columns) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}
