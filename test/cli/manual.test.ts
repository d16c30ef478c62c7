import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { manualFiles } from "../../src/cli/manual.ts";

test.each(manualFiles())(
  "$path is what the command table says (node scripts/build-man.mjs)",
  async ({ path, text }) => {
    const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
    expect(await readFile(file, "utf8")).toBe(text);
  },
);
