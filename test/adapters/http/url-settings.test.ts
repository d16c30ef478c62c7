import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lastSetting, settingsFor } from "../../../src/adapters/http/url-settings.ts";
import { describeWith } from "../../support/oracles.ts";
import { isolatedEnvironment } from "../../support/run-git.ts";
import { tempDir } from "../../support/temp-repo.ts";

const PATTERNS = [
  "https://example.org",
  "https://example.org/",
  "https://example.org/team",
  "https://example.org/team/",
  "https://example.org/team/models.git",
  "https://example.org:443/team",
  "https://example.org:8443",
  "https://ada@example.org",
  "https://ada@example.org/team",
  "https://*.example.org",
  "https://git.*.org",
  "https://*.*.org",
  "https://git.example.org",
  "http://example.org",
  "https://EXAMPLE.org/Team",
  "nonsense",
];
const URLS = [
  "https://example.org/",
  "https://example.org/team",
  "https://example.org/team/models.git/info/lfs",
  "https://example.org/teams",
  "https://ada@example.org/team/x",
  "https://eve@example.org/team/x",
  "https://example.org:8443/team",
  "https://git.example.org/a",
  "https://a.git.example.org/a",
  "http://example.org/team",
  "https://example.org/Team/x",
];

describeWith(["git"], "a setting for a URL", () => {
  it("is the one that git finds, in whatever order they stand", async () => {
    const file = join(await tempDir(), "config");
    for (let turn = 0; turn < PATTERNS.length; turn++) {
      const order = [...PATTERNS.slice(turn), "", ...PATTERNS.slice(0, turn)];
      const config = order.map((pattern) => ({
        key: pattern === "" ? "http.useragent" : `http.${pattern}.useragent`,
        value: `for ${pattern}`,
      }));
      const sections = order.map(
        (pattern) => `[http${pattern === "" ? "" : ` "${pattern}"`}]\n\tuserAgent = for ${pattern}.\n`,
      );
      await writeFile(file, sections.join(""));
      for (const url of URLS) {
        const ours = lastSetting(settingsFor(config, "http", new URL(url)), "useragent");
        const args = ["config", "--file", file, "--get-urlmatch", "http.userAgent", url];
        const theirs = execFileSync("git", args, { env: isolatedEnvironment() }).toString().trim();
        expect(`${url}: ${ours}.`).toBe(`${url}: ${theirs}`);
      }
    }
  });
});
