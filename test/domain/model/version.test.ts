import fc from "fast-check";
import semver from "semver";
import { describe, expect, it } from "vitest";
import {
  bumpVersion,
  compareVersions,
  isPrerelease,
  isRange,
  parseVersion,
  satisfiesRange,
} from "../../../src/domain/model/version.ts";
import {
  formatVersionId,
  formatVersionTag,
  formatYankTag,
  parseVersionTag,
  parseYankTag,
} from "../../../src/domain/model/version-tag.ts";
import { version } from "../builders.ts";
import { anyVersion, modelName } from "../names.ts";

describe("parseVersion", () => {
  it.each([
    ["1.0.0", "1.0.0"],
    ["v1.0.0", "1.0.0"],
    ["0.0.0", "0.0.0"],
    ["1.0.0-rc.1", "1.0.0-rc.1"],
    ["1.0.0--", "1.0.0--"],
    ["1.0.0-0a.b", "1.0.0-0a.b"],
    ["9007199254740991.0.0", "9007199254740991.0.0"],
  ])("reads %s as %s", (text, expected) => {
    expect(parseVersion(text)).toEqual({ ok: true, value: expected });
  });

  it.each([
    "",
    "1",
    "1.0",
    "1.0.0.0",
    "1.0.0+b1",
    "1.0.0-rc+b",
    "1.0.0\n",
    " 1.0.0",
    "1.0.0 ",
    "01.0.0",
    "1.00.0",
    "1.0.0-01",
    "1.0.0-",
    "1.0.0-a..b",
    "vv1.0.0",
    "V1.0.0",
    "=1.0.0",
    "v 1.0.0",
    "-1.0.0",
    "1.x.0",
    "9007199254740992.0.0",
    `1.0.0-${"a".repeat(130)}`,
    "١.0.0",
    "1.0.0-ä",
    "latest",
  ])("refuses %j", (text) => {
    expect(parseVersion(text).ok).toBe(false);
  });

  it("tells the nearest version", () => {
    expect(parseVersion("1.0")).toMatchObject({ hint: "the nearest version is 1.0.0" });
    expect(parseVersion("1.2.0-rc.1+b1")).toMatchObject({ hint: "the nearest version is 1.2.0-rc.1" });
    expect(parseVersion("1.0.0-rc\n")).toMatchObject({ hint: "the nearest version is 1.0.0-rc" });
  });

  it("proposes only versions that are allowed", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[v0-9.+-]{0,40}$/));
    fc.assert(
      fc.property(text, (one) => {
        const parsed = parseVersion(one);
        if (parsed.ok || parsed.hint === null) return;
        expect(parseVersion(parsed.hint.replace("the nearest version is ", "")).ok).toBe(true);
      }),
    );
  });
});

describe("order and bumps", () => {
  it("follow semver", () => {
    const order = [
      "0.9.0",
      "1.0.0-alpha",
      "1.0.0-alpha.1",
      "1.0.0-alpha.beta",
      "1.0.0-rc.2",
      "1.0.0-rc.11",
      "1.0.0",
      "1.0.10",
    ];
    expect([...order].reverse().map(version).sort(compareVersions)).toEqual(order);
  });

  it("hold different versions apart", () => {
    const [a, b] = [version("1.0.0-99999999999999998"), version("1.0.0-99999999999999999")];
    expect(compareVersions(a, b)).toBeLessThan(0);
    fc.assert(
      fc.property(anyVersion, anyVersion, (one, other) => {
        expect(compareVersions(one, other) === 0).toBe(one === other);
        expect(Math.sign(compareVersions(one, other))).toBe(-Math.sign(compareVersions(other, one)) + 0);
      }),
    );
  });

  it.each([
    [null, "major", "1.0.0"],
    [null, "patch", "1.0.0"],
    ["1.2.9", "patch", "1.2.10"],
    ["1.2.9", "minor", "1.3.0"],
    ["1.2.9", "major", "2.0.0"],
    ["1.3.0-rc.1", "patch", "1.3.0"],
    ["1.3.0-rc.1", "minor", "1.3.0"],
    ["1.3.1-rc.1", "minor", "1.4.0"],
    ["0.0.0", "patch", "0.0.1"],
  ] as const)("bump %s by %s to %s", (highest, bump, next) => {
    expect(bumpVersion(highest === null ? null : version(highest), bump)).toBe(next);
  });

  it("bump to a higher release, or say that there is none", () => {
    fc.assert(
      fc.property(
        anyVersion,
        fc.constantFrom("major" as const, "minor" as const, "patch" as const),
        (highest, bump) => {
          let next: string;
          try {
            next = bumpVersion(highest, bump);
          } catch (error) {
            expect(error).toMatchObject({ code: "version-invalid" });
            expect(highest).toContain(String(Number.MAX_SAFE_INTEGER));
            return;
          }
          expect(parseVersion(next)).toEqual({ ok: true, value: next });
          expect(semver.gt(next, highest)).toBe(true);
          expect(isPrerelease(version(next))).toBe(false);
        },
      ),
    );
    expect(() => bumpVersion(version("9007199254740991.0.0"), "major")).toThrow(/no major version/);
  });
});

describe("ranges", () => {
  it.each(["^1.2", "~1", "1.x", "*", ">=1 <2", "1.0.0 - 1.9.0", "1 || 3", "=1.0.0"])("take %s", (text) => {
    expect(isRange(text)).toBe(true);
  });

  it.each(["", " ", "\t", "1.0.0\n", "\n1.0.0", "1.0.0\u00a0", "latest", "production", `^1.${"0".repeat(200)}`])(
    "refuse %j",
    (text) => {
      expect(isRange(text)).toBe(false);
    },
  );

  it("leave pre-releases out unless they name one", () => {
    expect(satisfiesRange(version("2.0.0-rc.1"), ">=1")).toBe(false);
    expect(satisfiesRange(version("2.0.0-rc.1"), ">=2.0.0-rc.0")).toBe(true);
  });
});

describe("version and yank tags", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(fc.record({ model: modelName, version: anyVersion }), (id) => {
        expect(parseVersionTag(formatVersionTag(id))).toEqual(id);
        expect(parseYankTag(formatYankTag(id))).toEqual(id);
        expect(parseVersionTag(formatYankTag(id))).toBeNull();
        expect(parseYankTag(formatVersionTag(id))).toBeNull();
        expect(formatVersionId(id)).toBe(`${id.model}@${id.version}`);
      }),
    );
  });

  it.each([
    "fraud",
    "fraud@1.0.0",
    "fraud@v1.0",
    "fraud@vv1.0.0",
    "fraud@v1.0.0+b",
    "fraud@v01.0.0",
    "@v1.0.0",
    "fraud@v",
    "fraud@v1.0.0\n",
    "-x@v1.0.0",
    "a@v1.0.0@v1.0.0",
    "stage/a@v1.0.0",
    "fraud@v1.0.0!#1",
  ])("are not %j", (name) => {
    expect(parseVersionTag(name)).toBeNull();
  });

  it.each([
    "fraud@v1.0.0",
    "fraud@v1.0.0!#2",
    "fraud@v1.0.0!#01",
    "fraud!#1",
    "fraud@v1.0.0!#1!#1",
    "fraud#production!#1",
  ])("yank nothing by %j", (name) => {
    expect(parseYankTag(name)).toBeNull();
  });
});
