import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { describeWith } from "../../support/oracles.ts";
import type { Adapter } from "../../support/registry.ts";
import type { HostKind } from "./hosts.ts";
import { modelFile, publishedRegistry, registerFraud, sha256, stranger } from "./walk.ts";

const PLACES: readonly (readonly [HostKind, Adapter])[] = [
  ["http-backend and rudolfs", "native"],
  ["http-backend and rudolfs", "embedded"],
  ["Gitea", "native"],
  ["Gitea", "embedded"],
  ["sshd and rudolfs", "native"],
];

describeWith(["git-lfs", "rudolfs", "gitea", "sshd"], "over the network", () => {
  describe.each(PLACES)("on %s with %s Git:", (kind, adapter) => {
    test("what we push the official client pulls, and what it pushes we pull", async () => {
      const { host, ada, bytes } = await publishedRegistry(kind, adapter);
      const reader = await stranger(host, adapter);

      await reader.git(["clone", "-q", "-b", "stage/production", host.url, "clone"]);
      expect(sha256(await reader.read("clone/models/fraud/artifacts/model.onnx"))).toBe(sha256(bytes));
      expect(await reader.git(["lfs", "fsck"], { at: "clone" })).toMatch(/OK/);
      expect(await reader.git(["lfs", "ls-files", "--long"], { at: "clone" })).toBe(
        `${sha256(bytes)} * models/fraud/artifacts/model.onnx`,
      );
      await reader.git(["clone", "-q", "-b", "fraud@v1.0.0", host.url, "version"], { skipSmudge: true });
      await reader.git(["lfs", "pull"], { at: "version" });
      expect(sha256(await reader.read("version/artifacts/model.onnx"))).toBe(sha256(bytes));

      const next = modelFile();
      const draft = await registerFraud(ada, "1.1.0", next, "--no-push");
      expect(draft).toMatchObject({ pushed: false });
      await ada.git(["lfs", "install", "--local"], { at: "models" });
      await ada.git(["push", "-q", "origin", "refs/tags/fraud@v1.1.0"], { at: "models" });
      const { models } = await reader.model(["pull", "fraud@1.1.0", "-o", "pulled"]);
      expect(models).toMatchObject([{ version: "1.1.0", files: [{ path: "model.onnx", source: "lfs" }] }]);
      expect(sha256(await reader.read("pulled/model.onnx"))).toBe(sha256(next));
    });

    test("each command does its work", async () => {
      const { host, ada, bytes } = await publishedRegistry(kind, adapter);
      const at = "models";
      const reader = await stranger(host, adapter);
      const pulled = await reader.model(["pull", "fraud@production", "-o", "serving"]);
      expect(pulled.models).toMatchObject([{ version: "1.0.0", files: [{ source: "lfs" }] }]);
      expect(sha256(await reader.read("serving/model.onnx"))).toBe(sha256(bytes));

      await registerFraud(ada, "1.1.0", modelFile());
      for (const stage of ["staging", "production"]) {
        await ada.model(["promote", "fraud@1.1.0", "--to", stage, "--direct"], { at });
      }
      expect(await reader.model(["resolve", "fraud@production"])).toMatchObject({ version: "1.1.0" });
      expect(await ada.model(["rollback", "fraud", "--stage", "production", "--direct"], { at })).toMatchObject({
        kind: "released",
        change: "rollback",
        to: "1.0.0",
      });
      expect(await ada.model(["reconcile"], { at })).toMatchObject({ findings: [] });

      const request = await ada.model(["promote", "fraud@1.1.0", "--to", "production"], { at });
      expect(request).toMatchObject({ kind: "pull-request", created: true });
      await ada.model(["pr", "merge", "fraud", "--stage", "production"], { at });
      expect(await reader.model(["list", "fraud"])).toMatchObject({
        versions: [{ version: "1.1.0", stages: expect.arrayContaining(["production"]) }, { version: "1.0.0" }],
      });

      await registerFraud(ada, "1.2.0", modelFile(), "--no-push");
      expect(await ada.model(["push"], { at })).toMatchObject({
        pushed: expect.arrayContaining([expect.stringContaining("fraud@v1.2.0")]),
      });
      expect(await ada.model(["fetch"], { at })).toMatchObject({ findings: [] });
      expect(
        await ada.model(["yank", "fraud@1.2.0", "--reason", "trained on the test set", "--yes"], { at }),
      ).toMatchObject({ created: true });
      expect(await ada.model(["doctor"], { at })).toMatchObject({ findings: [] });
      const history = await reader.model(["history", "fraud", "--stage", "production"]);
      expect(history.events.map(({ version }: { readonly version: string }) => version)).toEqual([
        "1.1.0",
        "1.0.0",
        "1.1.0",
        "1.0.0",
      ]);
    });

    test("a tag that was pushed by hand without its files is found by doctor, refused by pull and healed by push", async () => {
      const { host, ada } = await publishedRegistry(kind, adapter);
      const at = "models";
      const bytes = randomBytes(50_000);
      await registerFraud(ada, "2.0.0", bytes, "--no-push");
      await ada.git(["push", "-q", "--no-verify", "origin", "refs/tags/fraud@v2.0.0"], { at });

      const found = await ada.model(["doctor"], { at, exit: 1 });
      expect(found.findings).toMatchObject([
        { code: "artifact-missing", severity: "error", message: expect.stringContaining("model.onnx") },
      ]);
      const reader = await stranger(host, adapter);
      const { error } = await reader.model(["pull", "fraud@2.0.0", "-o", "out"], { exit: 3 });
      expect(error).toMatchObject({
        code: "lfs-missing",
        message: expect.stringMatching(new RegExp(`model\\.onnx|${sha256(bytes)}`)),
      });

      await ada.model(["push"], { at });
      expect(await ada.model(["doctor"], { at })).toMatchObject({ findings: [] });
      await reader.model(["pull", "fraud@2.0.0", "-o", "out"]);
      expect(sha256(await reader.read("out/model.onnx"))).toBe(sha256(bytes));
    });
  });
});
