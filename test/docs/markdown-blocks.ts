import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A fenced block of a page, or a hidden one: `<!-- setup`, perhaps with words behind, commands, `-->`. */
export interface Block {
  readonly page: string;
  /** Line of its first line of text, 1-based. */
  readonly line: number;
  /** First word of the info string; `setup` for a hidden block. */
  readonly language: string;
  /** The other words, e.g. `file=registry.yaml`, `not-run`, `server`. */
  readonly words: readonly string[];
  readonly lines: readonly string[];
}

/** Pages whose examples have to be true. docs/commands.md is generated and has its own test. */
export function pageNames(): readonly string[] {
  const docs = readdirSync(`${ROOT}docs`).filter((name) => name.endsWith(".md") && name !== "commands.md");
  return ["README.md", "SECURITY.md", ...docs.sort().map((name) => `docs/${name}`)];
}

export function pagePath(page: string): string {
  return `${ROOT}${page}`;
}

export function readPage(page: string): string {
  return readFileSync(pagePath(page), "utf8");
}

export function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { readonly end: string; readonly line: number; readonly info: string; readonly lines: string[] } | null =
    null;
  for (const [index, line] of readPage(page).split("\n").entries()) {
    if (open === null) {
      const info = /^```(\S.*)?$/.exec(line);
      if (info !== null) open = { end: "```", line: index + 2, info: info[1] ?? "", lines: [] };
      else if (/^<!-- setup\b/.test(line))
        open = { end: "-->", line: index + 2, info: line.slice("<!-- ".length), lines: [] };
    } else if (line === open.end) {
      const [language = "", ...words] = open.info.split(" ");
      blocks.push({ page, line: open.line, language, words, lines: open.lines });
      open = null;
    } else {
      open.lines.push(line);
    }
  }
  if (open !== null) throw new Error(`${page}:${open.line}: the block is never closed`);
  return blocks;
}

/** The cells of the Markdown table that follows `<!-- table: name -->`, without its head. */
export function tableAfter(page: string, name: string): readonly (readonly string[])[] {
  const lines = readPage(page).split("\n");
  const start = lines.indexOf(`<!-- table: ${name} -->`);
  if (start < 0) throw new Error(`${page} has no table ${name}`);
  const from = lines.findIndex((line, index) => index > start && line.startsWith("|"));
  const rest = lines.slice(from);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  const cells = (line: string) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
  return rest.slice(2, end < 0 ? undefined : end).map(cells);
}

/** The words of a cell that are written as code. */
export function codeWords(cell: string | undefined): readonly string[] {
  return [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);
}
