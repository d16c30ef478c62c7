import { visibleText } from "./visible-text.ts";

/** Markdown that is safe to post with untrusted text in it (SECURITY.md "GitHub"). */

const ITEM_LIMIT = 300;

/** Untrusted text as a code span: longer than any run of backticks in it, on one line, invisible characters shown. */
export function codeSpan(text: string): string {
  const shown = visibleText(text, ITEM_LIMIT);
  if (shown.trim() === "") return "`(empty)`";
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 || /^ .* $/.test(shown) ? " " : "";
  return `${fence}${pad}${shown}${pad}${fence}`;
}

/** Makes Markdown fit into a table cell: a pipe would end it, also inside a code span. */
export function cell(markdown: string): string {
  const plain = markdown.replace(/[\r\n]+/g, " ");
  return plain.includes("\\") ? plain.replaceAll("|", "¦") : plain.replaceAll("|", "\\|");
}

/** Untrusted text inside HTML that we write, e.g. a summary: Markdown is not read there. */
export function htmlCode(text: string): string {
  return `<code>${escapeHtml(visibleText(text, ITEM_LIMIT))}</code>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;")
    .replaceAll("@", "&#64;");
}

/** A sentence that may quote untrusted text: every word that is not plain goes into a code span. */
export function prose(sentence: string): string {
  const words = visibleText(sentence, 1000).split(/ +/);
  const runs: { readonly plain: boolean; readonly words: string[] }[] = [];
  for (const word of words) {
    if (word === "") continue;
    const plain = isPlainWord(word);
    const last = runs.at(-1);
    if (last?.plain === plain) last.words.push(word);
    else runs.push({ plain, words: [word] });
  }
  return runs.map(({ plain, words }) => (plain ? words.join(" ") : spanOf(words.join(" ")))).join(" ");
}

/** A name that stands in a heading: plain where nothing can be read into it, else a code span. */
export function name(text: string): string {
  const plain = text.split("/").every((part) => /^[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*$/.test(part) && isPlainWord(part));
  return plain ? text : codeSpan(text);
}

/** Words that no renderer links, mentions or formats: no object ids, no `GH-1`, no host names. */
function isPlainWord(word: string): boolean {
  if (/^(?:[·—–→+=…]|%|±|\d{2}:\d{2})$/.test(word)) return true;
  if (!/^[("“‘]?(?:[+-](?=\d))?[A-Za-z0-9]+(?:[-.'’,%+/][A-Za-z0-9]+)*%?[)"”’,.:;?…]*$/.test(word)) return false;
  if (/gh-\d|www\./i.test(word)) return false;
  return !/(?:^|[^0-9a-z])[0-9a-f]{7,}(?:$|[^0-9a-z])/i.test(word);
}

/** Closing punctuation stays outside of the span. */
function spanOf(text: string): string {
  const [, body = text, tail = ""] = /^(.*[^.,:;])([.,:;]*)$/.exec(text) ?? [];
  return `${codeSpan(body)}${tail}`;
}
