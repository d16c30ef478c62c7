import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { progressLine, terminalReporter } from "../../src/cli/terminal-reporter.ts";
import { bad, paint, strong } from "../../src/cli/text/span.ts";
import { table } from "../../src/cli/text/table.ts";
import { formatDuration, formatTime } from "../../src/cli/text/time.ts";
import { cut, widthOf, wrap } from "../../src/cli/text/width.ts";
import { finding } from "../../src/domain/finding.ts";
import { NOW, runCli } from "./run-cli.ts";
import { LIST_VERSIONS } from "./sample-answers.ts";

const HOSTILE = "\u001b[31mred\u001b]0;title\u0007\u202egnp.exe\u200b\r\n\u009b2J\u0000";
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not reach a terminal
const DANGEROUS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/;

describe("untrusted text", () => {
  test("cannot colour, move or rename a terminal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(paint([[text, strong(text), bad(text)]], false)).not.toMatch(DANGEROUS);
      }),
    );
    expect(paint([[HOSTILE]], false)).toBe(
      "⟨U+001B⟩[31mred⟨U+001B⟩]0;title⟨U+0007⟩⟨U+202E⟩gnp.exe⟨U+200B⟩⏎⟨U+009B⟩2J⟨U+0000⟩\n",
    );
  });

  test("is made visible wherever an answer or an error shows it", async () => {
    const [first] = LIST_VERSIONS.versions;
    const versions = [{ ...first, author: HOSTILE, yankReason: HOSTILE }];
    for (const terminal of [undefined, 100]) {
      const options = {
        answers: { listVersions: { ...LIST_VERSIONS, versions } },
        ...(terminal === undefined ? {} : { terminal }),
      };
      const { stdout } = await runCli(["list", "fraud"], options);
      expect(stdout).not.toMatch(DANGEROUS);
      expect(stdout.trimEnd().split("\n").length).toBeLessThanOrEqual(3);
    }
    const failed = await runCli(["list", "fraud"], { answers: { listVersions: new Error(HOSTILE) } });
    expect(failed.stderr).not.toMatch(DANGEROUS);
  });
});

describe("colours", () => {
  test("need a terminal, and nobody who refuses them", async () => {
    const answers = { listVersions: LIST_VERSIONS };
    const on = await runCli(["list", "fraud"], { answers, terminal: 100, environment: { NO_COLOR: "" } });
    expect(on.stdout).toContain("\u001b[31m1.2.8  yanked\u001b[39m");
    for (const [argv, options] of [
      [["list", "fraud", "--no-color"], { terminal: 100, environment: { NO_COLOR: "" } }],
      [["list", "fraud"], { terminal: 100, environment: { NO_COLOR: "1" } }],
      [["list", "fraud"], { terminal: 100, environment: { NO_COLOR: "", TERM: "dumb" } }],
      [["list", "fraud"], { environment: { NO_COLOR: "" } }],
    ] as const) {
      expect((await runCli(argv, { answers, ...options })).stdout).not.toContain("\u001b");
    }
  });
});

describe("layout", () => {
  const view = (columns: number) => ({ isTerminal: true, columns, now: NOW });

  test("a table fits the terminal by narrowing the columns that may be", () => {
    const columns = [
      { title: "name", shrinks: true },
      { title: "size", align: "right" as const },
    ];
    const lines = table(
      columns,
      [
        ["a-very-long-name-indeed", "1.5"],
        ["模型", ""],
      ],
      { view: view(16) },
    );
    expect(paint(lines, false)).toBe("NAME        SIZE\na-very-lo…   1.5\n模型           —\n");
  });

  test("a piped table is tabs with a header, a tab in a cell is a blank", () => {
    const lines = table([{ title: "A" }, { title: "b" }], [["x\ty", ""]], { view: { ...view(10), isTerminal: false } });
    expect(paint(lines, false)).toBe("a\tb\nx y\t-\n");
  });

  test("cut and wrap never exceed the width", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 30 }), (text, columns) => {
        const shown = cut(text, columns);
        expect(widthOf(typeof shown === "string" ? shown : shown.text)).toBeLessThanOrEqual(columns);
      }),
    );
    expect(wrap("a bb ccc dddd", 6)).toEqual(["a bb", "ccc", "dddd"]);
  });

  test("times are relative on a terminal and ISO when piped", () => {
    const at = (iso: string) => formatTime(iso, view(80));
    expect(at("2026-11-05T09:59:30Z")).toBe("just now");
    expect(at("2026-11-05T08:00:00Z")).toBe("2 hours ago");
    expect(at("2026-11-04T08:00:00Z")).toBe("yesterday");
    expect(at("2026-10-14T08:00:00Z")).toBe("3 weeks ago");
    expect(at("2026-11-06T10:00:00Z")).toBe("tomorrow");
    expect(formatTime("2026-11-05T08:00:00Z", { ...view(80), isTerminal: false })).toBe("2026-11-05T08:00:00Z");
    expect(formatDuration(((3 * 24 + 4) * 60 + 5) * 60_000)).toBe("3 d 4 h");
  });
});

describe("the reporter", () => {
  function reporter(isTerminal: boolean, quiet = false) {
    const written: string[] = [];
    const clock = { now: 0 };
    const stderr = { write: (text: string) => written.push(text), isTerminal, columns: 80 };
    return { written, clock, reporter: terminalReporter({ stderr, now: () => clock.now }, { colour: false, quiet }) };
  }

  test("says a warning once, and nothing when quiet", () => {
    const one = finding("stale", "fetched 3 days ago", { severity: "warning", hint: "git model fetch" });
    const loud = reporter(false);
    loud.reporter.warn(one);
    loud.reporter.warn(one);
    expect(loud.written.join("")).toBe("warning: fetched 3 days ago\nhint: git model fetch\n");
    const quiet = reporter(true, true);
    quiet.reporter.warn(one);
    quiet.reporter.progress("storing", 100).advance(50);
    expect(quiet.written).toEqual([]);
  });

  test("draws a bar on a terminal and clears it at the end", () => {
    const { written, clock, reporter: own } = reporter(true);
    const progress = own.progress("storing", 1_200_000_000);
    clock.now = 1000;
    progress.advance(600_000_000);
    progress.done();
    expect(written).toEqual([
      "\r\u001b[K  storing ██████████░░░░░░░░░░  600 MB of 1.2 GB  600 MB/s  0:01",
      "\r\u001b[K",
    ]);
    const piped = reporter(false);
    piped.reporter.progress("storing", 10).advance(10);
    expect(piped.written).toEqual([]);
  });

  test("a bar leaves out what does not fit", () => {
    const line = progressLine({ label: "storing", total: 100, done: 10 }, 1000, 40);
    expect(paint([line], false)).toBe("  storing ██░░░░░░░░░░░░░░░░░░\n");
  });
});
