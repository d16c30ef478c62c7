import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { openGit } from "../../src/adapters/git/open-git.ts";
import { findCommand } from "../../src/cli/command-table.ts";
import { GLOBAL_OPTIONS } from "../../src/cli/table/options.ts";
import { formatOfPath, knownFormats } from "../../src/domain/artifact/artifact.ts";
import { usualDirections } from "../../src/domain/metric/direction.ts";
import { parseStageName } from "../../src/domain/policy/stage.ts";
import { type ErrorCode, exitCodeOf } from "../../src/errors.ts";
import { writeStageRoot } from "../../src/operations/apply/stage-root.ts";
import { isolatedEnvironment } from "../support/run-git.ts";
import { tempRepo } from "../support/temp-repo.ts";
import { blocksOf, codeWords, pageNames, pagePath, readPage, tableAfter } from "./markdown-blocks.ts";

test("the spec's formats are the program's", () => {
  const rows = tableAfter("docs/spec.md", "formats");
  const written = rows.flatMap(([extensions, format]) =>
    codeWords(extensions).map((extension) => [extension, codeWords(format)[0]] as const),
  );
  expect(Object.fromEntries(written)).toEqual(knownFormats());
  for (const [extension, format] of written) expect(formatOfPath(`a.b/c.${extension.toUpperCase()}`)).toBe(format);
});

test("the spec's directions are the program's", () => {
  const rows = tableAfter("docs/spec.md", "directions");
  const written = rows.flatMap(([better, metrics]) => codeWords(metrics).map((metric) => [metric, better] as const));
  expect(Object.fromEntries(written)).toEqual(Object.fromEntries(usualDirections()));
});

test("the spec's stage roots are what Git makes of them", async () => {
  const repository = await tempRepo();
  const git = await openGit(repository.path, isolatedEnvironment());
  try {
    for (const [stage, id] of tableAfter("docs/spec.md", "roots")) {
      const parsed = parseStageName(codeWords(stage)[0] ?? "");
      if (!parsed.ok) throw new Error(parsed.message);
      expect(await writeStageRoot(git, parsed.value)).toBe(codeWords(id)[0]);
    }
  } finally {
    await git.close();
  }
});

test("troubleshooting has an entry for every error code and finding, with the exit code of the error", () => {
  const page = readPage("docs/troubleshooting.md");
  const source = (file: string) => readPage(file);
  const codes = [...source("src/errors.ts").matchAll(/^ {2}"([a-z-]+)",$/gm)].map(([, code = ""]) => code);
  expect(codes.length).toBeGreaterThan(25);
  const entries = [...page.matchAll(/^### `([a-z-]+)` · exit (\d)$/gm)].map(([, code, exit]) => `${code} ${exit}`);
  expect(entries).toEqual(codes.map((code) => `${code} ${exitCodeOf(code as ErrorCode)}`));

  const findings = [...source("src/domain/finding.ts").matchAll(/^ {2}\| "([a-z-]+)"/gm)].map(([, code = ""]) => code);
  const listed = new Set(tableAfter("docs/troubleshooting.md", "findings").flatMap(([code]) => codeWords(code)));
  expect(findings.filter((code) => !listed.has(code))).toEqual([]);
});

test.each([
  ["docs/policy.md", "schemas/registry.schema.json"],
  ["docs/manifest.md", "schemas/manifest.schema.json"],
])("%s names every key of %s", (page, schema) => {
  const text = readPage(page);
  const keys = [...keysOf(JSON.parse(readPage(schema)))];
  expect(keys.length).toBeGreaterThan(15);
  expect(keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(text))).toEqual([]);
});

test("pages name commands and long options that exist", () => {
  const lines = pageNames().flatMap((page) =>
    [...readPage(page).matchAll(/git model ([^`\n|&#"(]+)/g), ...codeOf(page).matchAll(WITHOUT_GIT)].map(
      ([, words = ""]) => ({ page, words: words.trim() }),
    ),
  );
  expect(lines.length).toBeGreaterThan(50);
  expect(lines.filter(({ words }) => !isCommandLine(words.split(/ +/)))).toEqual([]);
});

test("links between pages lead somewhere", () => {
  const broken = pageNames().flatMap((page) =>
    linksOf(page)
      .filter((target) => !leadsSomewhere(page, target))
      .map((target) => `${page} → ${target}`),
  );
  expect(broken).toEqual([]);
});

/** The command as it is called where there is no Git. */
const WITHOUT_GIT = /(?<!")git-model ([^`\n|&#"(;]+)/g;

/** Blocks and `words` that are written as code. */
function codeOf(page: string): string {
  const blocks = blocksOf(page).flatMap(({ lines }) => lines);
  return [...blocks, ...codeWords(readPage(page).replace(/^```.*?^```$/gms, ""))].join("\n");
}

/** Words that begin with a command of ours, or `…`, and have no long option that it lacks. */
function isCommandLine(words: readonly string[]): boolean {
  if (/^(?:[…<]|--version$)/.test(words[0] ?? "")) return true;
  if (words[0] === "--registry") return isCommandLine(words.slice(2));
  const name = words[0] === "pr" ? `pr ${words[1]}` : (words[0] ?? "");
  const command = findCommand(name);
  const known = [...GLOBAL_OPTIONS, ...(command?.options ?? [])].map((option) => option.name);
  const options = words.filter((word) => word.startsWith("--")).map((word) => word.replace(/=.*/, ""));
  return command !== null && options.every((option) => known.includes(option));
}

/** Names of the properties that a JSON Schema declares, at any depth. */
function* keysOf(schema: unknown): Generator<string> {
  if (typeof schema !== "object" || schema === null) return;
  for (const [name, value] of Object.entries(schema)) {
    if (name === "properties") yield* Object.keys(value as object);
    yield* keysOf(value);
  }
}

function linksOf(page: string): readonly string[] {
  const prose = readPage(page)
    .replace(/^```.*?^```$/gms, "")
    .replace(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

/** A file that exists and, in a page, a heading of that name. */
function leadsSomewhere(page: string, target: string): boolean {
  if (/^[a-z]+:/.test(target)) return true;
  const [file = "", anchor] = target.split("#");
  const path = file === "" ? pagePath(page) : join(dirname(pagePath(page)), file);
  if (!existsSync(path)) return false;
  return anchor === undefined || headingsOf(path).includes(anchor);
}

function headingsOf(path: string): readonly string[] {
  const headings = [...readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => text.toLowerCase());
  return headings.map((text) => text.replace(/[^a-z0-9_ -]/g, "").replaceAll(" ", "-"));
}
