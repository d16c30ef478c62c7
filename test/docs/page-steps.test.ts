import { expect, test } from "vitest";
import type { Block } from "./markdown-blocks.ts";
import { looksLike, stepsOf } from "./page-steps.ts";
import { runPage } from "./run-page.ts";

function block(language: string, ...lines: readonly string[]): Block {
  return { page: "page.md", line: 1, language, words: [], lines };
}

test("a console block is commands with what they print, and the exit code they announce", () => {
  const steps = stepsOf([block("console", "$ one \\", "    two", "said", "", "$ three # exit 2")]);
  expect(steps.map(({ line, script, exit, shown }) => ({ line, script, exit, shown }))).toEqual([
    { line: 1, script: "one \\\n    two", exit: 0, shown: ["said"] },
    { line: 5, script: "three # exit 2", exit: 2, shown: [] },
  ]);
});

test("outputs are equal but for ids, times and the width of columns", () => {
  expect(looksLike(["fraud   just now  at 3f2a9c1"], ["fraud  2 hours ago  at 8e01d44"])).toBe(true);
  expect(looksLike(["accuracy 0.9312"], ["accuracy 0.9313"])).toBe(false);
  expect(looksLike(["first"], ["first", "second"])).toBe(false);
  expect(looksLike(["…", "last"], ["first", "second", "last"])).toBe(true);
  expect(looksLike([], ["something"])).toBe(false);
});

test("a page that promises too much is caught", async () => {
  const steps = stepsOf([
    block("sh", "false", "echo and on"),
    block("console", "$ (exit 3) # exit 1", "$ cd / && echo here", "there"),
    block("sh", 'test "$PWD" = /'),
  ]);
  const outcomes = await runPage(steps);
  expect(outcomes.map(({ exit, failed, output }) => ({ exit, failed, output }))).toEqual([
    { exit: 0, failed: ["false"], output: ["and on"] },
    { exit: 3, failed: [], output: [] },
    { exit: 0, failed: [], output: ["here"] },
    { exit: 0, failed: [], output: [] },
  ]);
});
