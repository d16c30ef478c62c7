import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCanonical } from "../../src/documents/canonical-reader.ts";
import { writeManifest } from "../../src/documents/manifest.ts";
import { readYaml } from "../../src/documents/strict-yaml.ts";
import { MANIFEST_EXAMPLE } from "./examples.ts";
import { manifests } from "./manifest-arbitrary.ts";

function strict(text: string): unknown {
  const read = readYaml(text, { file: null, limit: 1024 * 1024 });
  return read.ok ? read.value : "refused";
}

describe("the reader of our own writing", () => {
  test("reads the documented example, as text and as bytes", () => {
    const tree = readCanonical(MANIFEST_EXAMPLE);
    expect(tree).not.toBeNull();
    expect(tree).toEqual(strict(MANIFEST_EXAMPLE));
    expect(readCanonical(new TextEncoder().encode(MANIFEST_EXAMPLE))).toEqual(tree);
  });

  test("agrees with the strict reader on whatever the writer writes", () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        const text = writeManifest(manifest);
        const tree = readCanonical(text);
        if (tree !== null) expect(tree).toEqual(strict(text));
      }),
      { numRuns: 300 },
    );
  });

  test("agrees with the strict reader, or gives way to it, on any edit of such text", () => {
    const edits = fc.array(
      fc.record({
        at: fc.nat(MANIFEST_EXAMPLE.length),
        remove: fc.nat(4),
        insert: fc.oneof(
          fc.constantFrom(
            ..."abny019.-+_/:,#&*!|>%@`'\"\\{}[] \n\t\r~=é\u00a0\u2028\ufeff".split(""),
            "- ",
            ": ",
            "\n  ",
            "\n    ",
            " #",
            "0x1",
            "1e5",
            ".inf",
            "null",
            "true",
            "__proto__",
            "{}",
            "[]",
            "{ ",
            " }",
            '"\\u001b"',
            '"\\x41"',
            "<<",
            "---\n",
            "...\n",
          ),
          fc.constant(""),
        ),
      }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(edits, (all) => {
        const text = all.reduce(
          (one, { at, remove, insert }) => one.slice(0, at) + insert + one.slice(at + remove),
          MANIFEST_EXAMPLE,
        );
        const tree = readCanonical(text);
        if (tree !== null) expect(tree).toEqual(strict(text));
      }),
      { numRuns: 1500 },
    );
  });

  test.each([
    "",
    "a: 1",
    "a:\n",
    "a: 1\na: 2\n",
    "__proto__: 1\n",
    "- 1\n",
    "a: 012\n",
    "a: -x\n",
    "a: .5\n",
    "yes\n",
    "null: 1\n",
    "a: b: c\n",
    "a:  1\n",
    'a: "\\u001b"\n',
    "\ufeffa: 1\n",
  ])("gives way on %j", (text) => {
    expect(readCanonical(text)).toBeNull();
  });

  test("gives way on bytes that are not UTF-8", () => {
    expect(readCanonical(Uint8Array.from([0x61, 0x3a, 0x20, 0x61, 0xff, 0x0a]))).toBeNull();
  });
});
