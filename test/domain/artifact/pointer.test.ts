import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSha256, parseSha256, type Sha256 } from "../../../src/domain/artifact/digest.ts";
import { EMPTY_SHA256, formatPointer, parsePointer } from "../../../src/domain/artifact/pointer.ts";

const OID = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393" as Sha256;
const HEAD = "version https://git-lfs.github.com/spec/v1\n";
const GOOD = `${HEAD}oid sha256:${OID}\nsize 12345\n`;
const hex = fc.stringMatching(/^[0-9a-f]{64}$/) as fc.Arbitrary<Sha256>;

describe("pointers", () => {
  it("are read as they were written", () => {
    fc.assert(
      fc.property(hex, fc.maxSafeNat(), (sha256, size) => {
        const pointer = size === 0 ? { sha256: EMPTY_SHA256, size } : { sha256, size };
        expect(parsePointer(formatPointer(pointer))).toEqual({ ok: true, value: pointer });
      }),
    );
    expect(parsePointer(GOOD)).toEqual({ ok: true, value: { sha256: OID, size: 12345 } });
  });

  it("of no bytes are empty", () => {
    expect(formatPointer({ sha256: EMPTY_SHA256, size: 0 })).toBe("");
    expect(parsePointer("")).toEqual({ ok: true, value: { sha256: EMPTY_SHA256, size: 0 } });
  });

  it.each([
    ["CRLF", GOOD.replaceAll("\n", "\r\n")],
    ["a trailing blank", GOOD.replace("12345", "12345 ")],
    ["no last newline", GOOD.slice(0, -1)],
    ["one newline too many", `${GOOD}\n`],
    ["an extra key", `${HEAD}ext-0-foo sha256:${OID}\noid sha256:${OID}\nsize 1\n`],
    ["1024 bytes", GOOD.padEnd(1024, " ")],
    ["size -1", GOOD.replace("12345", "-1")],
    ["size 1e3", GOOD.replace("12345", "1e3")],
    ["size 012", GOOD.replace("12345", "012")],
    ["size 2^63", GOOD.replace("12345", "9223372036854775808")],
    ["size 2^53", GOOD.replace("12345", "9007199254740992")],
    ["size 0", GOOD.replace("12345", "0")],
    ["63 hex", GOOD.replace(OID, OID.slice(1))],
    ["upper case", GOOD.replace(OID, OID.toUpperCase())],
    ["md5", GOOD.replace("sha256", "md5")],
    ["a path as oid", GOOD.replace(OID, `../${OID.slice(3)}`)],
    ["keys in another order", `${HEAD}size 12345\noid sha256:${OID}\n`],
    ["another spec", GOOD.replace("spec/v1", "spec/v2")],
    ["raw bytes", "\u0089PNG\r\n"],
  ])("refuse %s", (_, text) => {
    expect(parsePointer(text).ok).toBe(false);
  });

  it("have one encoding only", () => {
    fc.assert(
      fc.property(fc.nat({ max: GOOD.length - 1 }), fc.constantFrom("", " ", "0", "\n", "\r", "A", "é"), (at, put) => {
        const text = GOOD.slice(0, at) + put + GOOD.slice(at + 1);
        const parsed = parsePointer(text);
        if (parsed.ok) expect(formatPointer(parsed.value)).toBe(text);
      }),
    );
  });
});

describe("digests", () => {
  it("are 64 lower-case hex digits", () => {
    expect(isSha256(OID)).toBe(true);
    for (const bad of [OID.toUpperCase(), OID.slice(1), `${OID}0`, `${OID}\n`, `../${OID.slice(3)}`]) {
      expect(parseSha256(bad).ok).toBe(false);
    }
  });
});
