import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { parseCacheLimit } from "../../../src/adapters/cache/cache-limit.ts";
import { describeWith } from "../../support/oracles.ts";

const GOOD = ["0", "1", "500m", "20g", "20G", "3K", "+7", "1048576"];
const BAD = ["", " ", "20 g", "20gb", "20t", "-1", "1.5g", "lots", "1e9", "g", "9007199254740993", "8388608g"];

describe("git-model.cacheSize", () => {
  it.each(BAD)("refuses %j, naming the key", (value) => {
    expect(() => parseCacheLimit(value)).toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringContaining("git-model.cacheSize") }),
    );
  });

  it("is no limit when it is unset", () => {
    expect(parseCacheLimit(null)).toBeNull();
  });
});

describeWith(["git"], "git-model.cacheSize, asked of git", () => {
  it.each(GOOD)("reads %j as git does", (value) => {
    const args = ["-c", `some.size=${value}`, "config", "--type=int", "some.size"];
    expect(parseCacheLimit(value)).toBe(Number(execFileSync("git", args, { encoding: "utf8" })));
  });
});
