import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readEvaluation } from "../../src/documents/evaluation.ts";
import { readManifest, writeManifest } from "../../src/documents/manifest.ts";
import { readPolicy } from "../../src/documents/policy.ts";
import { readYaml } from "../../src/documents/strict-yaml.ts";
import { type Block, blocksOf, pageNames, pagePath } from "./markdown-blocks.ts";
import { looksLike, stepsOf } from "./page-steps.ts";
import { type Outcome, runPage } from "./run-page.ts";

/** Languages of blocks; anything else is a typing mistake or an example that nobody checks. */
const LANGUAGES = new Set(["sh", "console", "yaml", "ts", "python", "json", "dockerfile", "ini", "text", "setup"]);
const RENEW = process.env.RENEW_DOCS === "1";
const HAS_PYTHON = spawnSync("python3", ["--version"]).status === 0;

describe.concurrent.each(pageNames())("%s", (page) => {
  const blocks = blocksOf(page);
  const steps = stepsOf(blocks);
  const lacksPython = !HAS_PYTHON && blocks.some(({ language }) => language === "python");
  if (lacksPython) noteSkip(page);

  test("has blocks of known languages only", () => {
    expect(blocks.filter(({ language }) => !LANGUAGES.has(language)).map(placeOf)).toEqual([]);
  });

  if (steps.length > 0 && !lacksPython) {
    test("does what it says", { timeout: 120_000 }, async () => {
      const outcomes = await runPage(steps, { withServer: blocks.some(({ words }) => words.includes("server")) });
      if (RENEW) renewOutputs(page, outcomes);
      else expect(outcomes.flatMap(complaint)).toEqual([]);
    });
  }

  test("shows documents that the readers accept", () => {
    expect(blocks.filter(({ language }) => language === "yaml").flatMap(documentComplaint)).toEqual([]);
  });

  test("shows JSON that is JSON", () => {
    for (const block of blocks.filter(({ language }) => language === "json")) JSON.parse(block.lines.join("\n"));
  });
});

function noteSkip(page: string): void {
  if (process.env.CI === "true") throw new Error(`${page} needs python3, which is not on the PATH`);
  // biome-ignore lint/suspicious/noConsole: a silent skip would look like a pass
  console.warn(`SKIPPED: the commands of ${page} need python3, which is not on the PATH`);
}

function placeOf({ page, line, language }: Block): string {
  return `${page}:${line} ${language}`;
}

function complaint({ step, exit, output, failed }: Outcome): readonly string[] {
  const place = `${step.page}:${step.line}`;
  const said = output.join("\n");
  if (failed.length > 0) return [`${place} fails at: ${failed.join("; ")}\n${said}`];
  if (exit !== step.exit) return [`${place} ends with ${exit}, not ${step.exit}: ${step.script}\n${said}`];
  if (step.shown === null || looksLike(step.shown, output)) return [];
  return [`${place} ${step.script}\nshows\n${step.shown.join("\n")}\nbut the program says\n${said}`];
}

/** `RENEW_DOCS=1 npx vitest run test/docs` writes what the program says today; `…` keeps what is left out. */
function renewOutputs(page: string, outcomes: readonly Outcome[]): void {
  const lines = readFileSync(pagePath(page), "utf8").split("\n");
  for (const { step, output } of [...outcomes].reverse()) {
    if (step.shown === null || looksLike(step.shown, output) || step.shown.some((line) => line.trim() === "…"))
      continue;
    lines.splice(step.line - 1 + step.script.split("\n").length, step.shown.length, ...output);
  }
  writeFileSync(pagePath(page), lines.join("\n"));
}

/** A policy, a manifest, an evaluation, a list of gates, or (`workflow`, `kubernetes`) YAML for another program. */
function documentComplaint(block: Block): readonly string[] {
  const text = `${block.lines.join("\n")}\n`;
  const read = readAs(text, block);
  if (!read.ok) return [`${placeOf(block)}: ${read.findings.map(({ message }) => message).join("; ")}`];
  if (!block.words.includes("canonical")) return [];
  const manifest = readManifest(text);
  return manifest.ok && writeManifest(manifest.manifest) === text ? [] : [`${placeOf(block)} is not canonical`];
}

function readAs(text: string, { words }: Block) {
  if (words.includes("workflow") || words.includes("kubernetes")) return readYaml(text, { file: null, limit: 65_536 });
  if (/^- \{ metric:/.test(text)) return readPolicy(gatesAround(text));
  if (/^tree: /m.test(text)) return readEvaluation(text);
  return /^model: /m.test(text) ? readManifest(text) : readPolicy(text);
}

function gatesAround(gates: string): string {
  const indented = gates.replace(/^(?=.)/gm, "      ");
  const metrics = "metrics:\n  data_quality: { better: higher }\n";
  return `schemaVersion: 1\n${metrics}score: { weights: { f1: 1 } }\nstages:\n  production:\n    gates:\n${indented}`;
}
