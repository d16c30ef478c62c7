import { beforeAll, describe, expect, test } from "vitest";
import { blobOf, type HandMade, handMade } from "../support/hand-made.ts";
import { ADAPTERS, type TestRegistry, testRegistry } from "../support/registry.ts";

const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 12\n`;

/** What somebody with push access may put into a version's tree by hand, and what is said of it. */
const TREES: readonly (readonly [name: string, files: HandMade["files"], said: string])[] = [
  ["raw bytes", { "artifacts/m.bin": "model bytes\n" }, "m.bin is not a canonical Git LFS pointer"],
  ["many raw bytes", { "artifacts/m.bin": "x".repeat(5000) }, "m.bin is raw bytes instead of a Git LFS pointer"],
  ["a pointer with CRLF", { "artifacts/m.bin": POINTER.replaceAll("\n", "\r\n") }, "m.bin is not a canonical"],
  ["other bytes", { "artifacts/m.bin": POINTER }, "the pointer of m.bin is not what the manifest says"],
  ["an artifact more", { "artifacts/n.bin": POINTER }, "n.bin is not in the manifest"],
  ["an endpoint", { ".lfsconfig": "[lfs]\n\turl = http://169.254.169.254/\n" }, ".lfsconfig does not belong into"],
  ["a workflow", { ".github/workflows/x.yml": "on: push\n" }, ".github/workflows/x.yml does not belong into"],
  ["hidden diffs", { ".gitattributes": "* -diff linguist-generated=true\n" }, ".gitattributes says more than"],
];

describe.each(ADAPTERS)("a version made by hand, on %s", (adapter) => {
  let one: TestRegistry;

  beforeAll(async () => {
    one = await testRegistry({ adapter });
    await one.registry.register({ model: "fraud", files: [await one.file("m.bin", "model bytes\n")] });
  });

  const MODES = ["120000", "100755"].map((mode) => [mode, mode, "artifacts/m.bin is not a plain file"] as const);

  test.each([...TREES, ...MODES])("with %s is neither promoted nor handed out", async (name, files, said) => {
    const version = `2.0.${[...TREES, ...MODES].findIndex(([other]) => other === name)}`;
    const manifest = (await one.repo.git("show", "fraud@v1.0.0:manifest.yaml")).replace("1.0.0", version);
    const odd =
      typeof files === "string"
        ? { "artifacts/m.bin": { mode: files, id: await blobOf(one.repo, "/etc/passwd") } }
        : files;
    const commit = await handMade(one.repo, {
      parents: ["fraud@v1.0.0^{commit}"],
      files: { "manifest.yaml": `${manifest}\n`, ...odd },
    });
    await one.repo.git("tag", "-a", "-m", "x", `fraud@v${version}`, commit);
    const [promotion] = await one.registry.promote({ references: [`fraud@${version}`], to: "staging", direct: true });
    expect(promotion).toMatchObject({ kind: "refused", passed: false, tag: null });
    const finding = { code: "manifest-mismatch", message: expect.stringContaining(said) };
    expect(promotion?.findings).toContainEqual(expect.objectContaining(finding));
    await expect(one.registry.pull({ references: [`fraud@${version}`], output: "out" })).rejects.toMatchObject({
      code: "digest-mismatch",
      findings: expect.arrayContaining([expect.objectContaining(finding)]),
    });
    const { findings } = await one.registry.doctor({});
    expect(findings).toContainEqual(expect.objectContaining(finding));
  });
});

describe.each(ADAPTERS)("a tag by hand named like a folder of models, on %s", (adapter) => {
  test.each(["annotated", "lightweight"])("%s, changes nothing for the models below", async (kind) => {
    const one = await testRegistry({ adapter });
    const { registry, repo } = one;
    await registry.register({ model: "team/fraud", files: [await one.file("m.bin", "model bytes\n")] });
    await registry.promote({ references: ["team/fraud"], to: "staging", direct: true });
    const message = kind === "annotated" ? ["-a", "-m", "x"] : [];
    await repo.git("tag", ...message, "team@v1.0.0", "team/fraud@v1.0.0^{commit}");
    const { models } = await registry.list();
    expect(models.map(({ model, stages }) => [model, stages.staging])).toEqual([
      ["team", null],
      ["team/fraud", "1.0.0"],
    ]);
    expect(await registry.resolve({ reference: "team/fraud@staging" })).toMatchObject({ version: "1.0.0" });
    expect((await registry.history({ stage: "staging" })).events).toMatchObject([{ model: "team/fraud", number: 1 }]);
    expect((await registry.reconcile()).created).toEqual([]);
  });
});
