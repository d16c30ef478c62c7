import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { isolatedEnvironment } from "../support/run-git.ts";
import { tempDir } from "../support/temp-repo.ts";

const DEMO = fileURLToPath(new URL("../../scripts/demo.mjs", import.meta.url));

describe("npm run demo", () => {
  it("tells the whole story, leaves nothing outside its directory and removes that when asked", async () => {
    const home = await tempDir();
    const directory = join(await tempDir(), "demo");
    const { stdout } = await promisify(execFile)(process.execPath, [DEMO, "--dir", directory, "--remove"], {
      env: isolatedEnvironment({ HOME: home }),
      timeout: 60_000,
    });
    for (const line of [
      "Registered tumor@1.0.0",
      "$ git model promote tumor@1.2.0 --to production --direct",
      "(exit 1)",
      "Undo: git model rollback tumor --stage production",
      "$ git model rollback tumor --stage production --direct",
      "Roll back tumor to 1.1.0 on production",
    ]) {
      expect(stdout).toContain(line);
    }
    expect(stdout).not.toContain("\u001b[");
    expect(existsSync(directory)).toBe(false);
    expect(existsSync(join(home, ".cache"))).toBe(false);
  }, 60_000);
});
