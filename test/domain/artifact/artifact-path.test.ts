import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatOfPath } from "../../../src/domain/artifact/artifact.ts";
import { findCaseTwins, findFolderClash, parseArtifactPath } from "../../../src/domain/artifact/artifact-path.ts";

describe("parseArtifactPath", () => {
  it.each(["model.onnx", "a/b/c/d/e/f/g/h", "_x/y=1/z@2+3-4", "0", "sub/manifest.yaml", "sub/README.md", "a."])(
    "takes %s",
    (path) => {
      expect(parseArtifactPath(path)).toEqual({ ok: true, value: path });
    },
  );

  it.each([
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../evil",
    "a/../../b",
    "./a",
    ".gitattributes",
    "a/.git/config",
    "-rf",
    "a/-b",
    "a\\b",
    "C:/x",
    "a b",
    "a\n",
    "a\u0000",
    "ä",
    "a\u202eb",
    "a:b",
    "a/b/c/d/e/f/g/h/i",
    "a".repeat(1025),
    "manifest.yaml",
    "Manifest.YAML",
    "README.md",
    "readme.MD",
  ])("refuses %j", (path) => {
    expect(parseArtifactPath(path).ok).toBe(false);
  });

  it("proposes only spellings that are allowed", () => {
    const text = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[-a./ ]{0,20}$/),
      fc.constantFrom("-manifest.yaml", ".README.md"),
    );
    fc.assert(
      fc.property(text, (path) => {
        const parsed = parseArtifactPath(path);
        if (parsed.ok || !parsed.hint?.startsWith("rename it to ")) return;
        expect(parseArtifactPath(parsed.hint.slice("rename it to ".length)).ok).toBe(true);
      }),
    );
  });
});

describe("clashes of paths", () => {
  it("finds paths that are one where case does not count", () => {
    expect(findCaseTwins(["a/x", "b", "A/X"])).toEqual(["a/x", "A/X"]);
    expect(findCaseTwins(["a", "a"])).toEqual(["a", "a"]);
    expect(findCaseTwins(["a", "b", "a/b"])).toBeNull();
  });

  it("finds a file that another path needs as a folder", () => {
    expect(findFolderClash(["a/b/c", "A/b"])).toEqual(["A/b", "a/b/c"]);
    expect(findFolderClash(["a/b", "a/c", "ab"])).toBeNull();
  });
});

describe("formatOfPath", () => {
  it.each([
    ["model.onnx", "onnx"],
    ["a.PKL", "pickle"],
    ["x.pt", "torch"],
    ["x.pth", "torch"],
    ["model", "binary"],
    ["a.onnx/model", "binary"],
    ["m.tar.gz", "binary"],
    ["m.constructor", "binary"],
    ["m.", "binary"],
    ["weights.safetensors", "safetensors"],
  ])("reads %s as %s", (path, format) => {
    expect(formatOfPath(path)).toBe(format);
  });
});
