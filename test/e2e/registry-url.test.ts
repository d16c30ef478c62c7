import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ADAPTERS } from "../support/registry.ts";
import { type Served, serve, servedRegistry } from "../support/url-registry.ts";

let made: Awaited<ReturnType<typeof servedRegistry>>;

beforeAll(async () => {
  made = await servedRegistry();
});

describe.each(ADAPTERS)("a registry by URL, with %s Git:", (adapter) => {
  test("a stage is pulled into an empty directory with an empty cache, and the narrow mirror alone is made", async () => {
    const served = await serve(made);
    const reader = await served.reader(adapter);
    const { registry, warnings } = await reader.open();
    const { models } = await registry.pull({ references: ["model-0001@production"], output: "model" });
    expect(models).toMatchObject([{ model: "model-0001", version: "1.4.0", requested: "model-0001@production" }]);
    expect(await readFile(join(reader.directory, "model/model.onnx"), "utf8")).toBe("model-0001 1.4.0\n");
    expect(warnings).toEqual([]);
    expect(await reader.mirrors()).toEqual([`narrow-${adapter}.1.git`]);
    await expectNarrow(served, reader, ["refs/remotes/origin/stage/production", "refs/tags/model-0001@v1.4.0"]);
  });
});

async function expectNarrow(
  _served: Served,
  reader: Awaited<ReturnType<Served["reader"]>>,
  refs: readonly string[],
): Promise<void> {
  const mirror = await reader.mirror("narrow");
  expect((await mirror.git("for-each-ref", "--format=%(refname)")).split("\n")).toEqual(refs);
}
