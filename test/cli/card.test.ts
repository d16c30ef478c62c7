import { describe, expect, it } from "vitest";
import { paint } from "../../src/cli/text/span.ts";
import { cardLines } from "../../src/cli/views/card.ts";

const shown = (card: string, columns: number, isTerminal = true) =>
  paint(cardLines(card, { isTerminal, columns, now: 0 }), false);

describe("a model card", () => {
  it("has its prose broken anew where the terminal is narrower than its lines", () => {
    expect(shown("A card whose lines\nare not as wide as\nthe terminal is.", 40)).toBe(
      "  A card whose lines are not as wide as\n  the terminal is.\n",
    );
  });

  it("keeps headings, lists, tables, code and empty lines as they are", () => {
    const card = "# Title\ntext\n\n- one\n- two\n1. three\n\n| a |\n|---|\n\n```\nx = 1\ny = 2\n```\n    z = 3";
    expect(shown(card, 80)).toBe(
      card
        .split("\n")
        .map((line) => (line === "" ? "\n" : `  ${line}\n`))
        .join(""),
    );
  });

  it("keeps every line when it is piped", () => {
    expect(shown("one\ntwo", 80, false)).toBe("  one\n  two\n");
  });
});
