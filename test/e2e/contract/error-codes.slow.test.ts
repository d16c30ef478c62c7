import { appendFile, chmod, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type ErrorCode, exitCodeOf } from "../../../src/errors.ts";
import { startGitHttpServer } from "../../support/git-http-server.ts";
import type { Adapter } from "../../support/registry.ts";
import { git } from "../../support/run-git.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { SHAPES } from "./shapes.ts";
import { copyOf, expectZero, initialised, type Typing, type World } from "./world.ts";

const POLICY = `schemaVersion: 1
name: acme-models
stages:
  staging: {}
  production: {}
`;

/** How an error code is reached by a command line. */
interface Row {
  readonly line: string;
  readonly exit: 1 | 2 | 3;
  /** What the hint says; null: there is none. */
  readonly hint: RegExp | null;
  readonly adapter?: Adapter;
  readonly typing?: Typing;
  /** Makes the trouble, in a copy of the registry; may answer how the line is typed. */
  readonly trouble?: (world: World) => Promise<Typing> | Promise<void>;
}

let shared: World;
beforeAll(async () => {
  shared = await base();
});

/** fraud 1.0.0 on staging, 1.1.0 and 1.2.0. */
async function base(): Promise<World> {
  const world = await initialised("native", POLICY);
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    await world.file("model.onnx", `weights ${version}\n`);
    await expectZero(world.run(`register fraud model.onnx --version ${version} --metric oddness=0.5`.split(" ")));
  }
  await expectZero(world.run("promote fraud@1.0.0 --to staging --direct".split(" ")));
  await world.file("other.onnx", "others\n");
  await world.file("twice.json", '{"f1": 0.88, "f1": 0.89}');
  await world.file("list.yaml", "- 1\n");
  await world.file("strange.yaml", "titel: a\n");
  await world.file("manifest.yaml", "title: a\n");
  await world.file("metrics.json", '{"f1": 0.9}');
  return world;
}

/** Where CLI.md names a code, the line that meets it here. `forge-failed` needs a hosted forge. */
const ROWS: Readonly<Record<Exclude<ErrorCode, "forge-failed">, Row>> = {
  "not-found": { line: "show nothing", exit: 1, hint: null },
  "version-exists": { line: "register fraud other.onnx --version 1.0.0", exit: 1, hint: /./ },
  "version-in-use": {
    line: "yank fraud@1.0.0 --reason damaged",
    exit: 1,
    hint: /git model (rollback|demote) fraud .*--stage staging/,
  },
  "version-published": { line: "discard fraud@1.0.0", exit: 1, hint: /yank/ },
  "stage-moved": {
    line: "promote fraud@1.2.0 --to staging --direct",
    exit: 1,
    hint: /./,
    trouble: overtakenOnce,
  },
  "stage-unregistered": {
    line: "pull fraud@production",
    exit: 1,
    hint: /./,
    trouble: async ({ path, server }) => {
      await git(path, "read-tree", "--empty");
      await git(path, "read-tree", "--prefix=models/fraud/", "fraud@v1.0.0");
      const card = await git(path, "rev-parse", "HEAD:registry.yaml");
      await git(path, "update-index", "--add", "--cacheinfo", `100644,${card},models/fraud/README.md`);
      const strange = await git(path, "write-tree");
      const commit = await git(path, "commit-tree", "-p", "origin/stage/production", "-m", "By hand", strange);
      await git(path, "push", "-q", server, `${commit}:refs/heads/stage/production`);
    },
  },
  usage: { line: "frobnicate", exit: 2, hint: /git model/ },
  "name-invalid": { line: "register fraud..x other.onnx", exit: 2, hint: /./ },
  "version-invalid": { line: "register fraud other.onnx --version 1.x", exit: 2, hint: /./ },
  "reference-invalid": { line: "show fraud@", exit: 2, hint: /./ },
  "manifest-invalid": { line: "register fraud other.onnx --manifest strange.yaml", exit: 2, hint: /title/ },
  "metrics-invalid": { line: "register fraud other.onnx --metrics twice.json", exit: 2, hint: null },
  "evaluation-invalid": {
    line: "evaluate fraud --metrics metrics.json --evaluation list.yaml",
    exit: 2,
    hint: null,
  },
  "artifact-invalid": { line: "register fraud manifest.yaml", exit: 2, hint: /./ },
  "policy-missing": {
    line: "promote fraud@1.2.0 --to staging",
    exit: 2,
    hint: /./,
    trouble: async ({ path }) => {
      await git(path, "rm", "-q", "registry.yaml");
      await git(path, "commit", "-qm", "Without a policy");
      await git(path, "push", "-q", "origin", "main");
    },
  },
  "policy-invalid": {
    line: "promote fraud@1.2.0 --to staging",
    exit: 2,
    hint: /./,
    trouble: async (world) => {
      await world.policy(`${POLICY}stags: {}\n`);
    },
  },
  "stage-unknown": { line: "promote fraud@1.2.0 --to prodution", exit: 2, hint: /production/ },
  "not-a-registry": {
    line: "list",
    exit: 2,
    hint: /git model init/,
    typing: { environment: { GIT_MODEL_REGISTRY: undefined } },
  },
  "remote-ambiguous": {
    line: "list",
    exit: 2,
    hint: /git config git-model\.remote/,
    trouble: async ({ path, server }) => {
      await git(path, "remote", "rename", "origin", "one");
      await git(path, "remote", "add", "two", server);
    },
  },
  "git-failed": {
    line: "fetch",
    exit: 3,
    hint: /git remote -v/,
    trouble: async ({ server }) => {
      await rm(server, { recursive: true });
    },
  },
  "git-required": {
    line: "register fraud other.onnx",
    exit: 3,
    hint: null,
    adapter: "embedded",
    trouble: async ({ path }) => {
      await git(path, "config", "tag.gpgSign", "true");
    },
  },
  "repository-unsupported": {
    line: "list",
    exit: 3,
    hint: /./,
    adapter: "embedded",
    trouble: async () => {
      const path = await tempDir();
      await git(path, "init", "-q", "--object-format=sha256");
      return { environment: { GIT_MODEL_REGISTRY: path } };
    },
  },
  "shallow-history": {
    line: "history fraud",
    exit: 3,
    hint: /unshallow|fetch/,
    trouble: async ({ server }) => {
      const path = await tempDir();
      await git(path, "clone", "-q", "--depth=1", "--no-single-branch", `file://${server}`, ".");
      return { environment: { GIT_MODEL_REGISTRY: path } };
    },
  },
  "lfs-failed": {
    line: "register fraud other.onnx",
    exit: 3,
    hint: /./,
    trouble: async ({ path, server }) => {
      const { origin } = await startGitHttpServer(dirname(server));
      await git(path, "remote", "set-url", "origin", `${origin}/server.git`);
    },
  },
  "lfs-missing": {
    line: "pull fraud@1.0.0",
    exit: 3,
    hint: null,
    trouble: async ({ path, server }) => {
      await rm(join(path, ".git/lfs"), { recursive: true });
      await rm(join(server, "lfs"), { recursive: true });
    },
  },
  "digest-mismatch": {
    line: "pull fraud@1.0.0",
    exit: 3,
    hint: null,
    trouble: async ({ path, server }) => {
      await rm(join(path, ".git/lfs"), { recursive: true });
      const store = join(server, "lfs/objects");
      for (const one of await readdir(store, { recursive: true, withFileTypes: true })) {
        if (!one.isFile()) continue;
        await chmod(join(one.parentPath, one.name), 0o644);
        await writeFile(join(one.parentPath, one.name), "weights 6.6.6\n");
      }
    },
  },
  "auth-failed": {
    line: "fetch",
    exit: 3,
    hint: /GIT_MODEL_TOKEN, or store the login in a credential helper/,
    trouble: async ({ path, server }) => {
      const { origin } = await startGitHttpServer(dirname(server), "ada:secret");
      await git(path, "remote", "set-url", "origin", `${origin}/server.git`);
    },
  },
  "branch-protected": {
    line: "promote fraud@1.2.0 --to staging --direct",
    exit: 3,
    hint: /without --direct/,
    trouble: async (world) => refuse(world, "refs/heads/stage/staging", "protected branch hook declined"),
  },
  "push-rejected": {
    line: "register fraud other.onnx",
    exit: 3,
    hint: null,
    trouble: async (world) => refuse(world, "refs/tags/fraud@v1.2.1", "no more versions today"),
  },
  network: {
    line: "fetch",
    exit: 3,
    hint: /reached/,
    trouble: async ({ path }) => {
      await git(path, "remote", "set-url", "origin", "http://127.0.0.1:1/models.git");
    },
  },
  disk: { line: "pull fraud@1.0.0 -o other.onnx/below", exit: 3, hint: null },
};

describe("error codes that a registry in directories can meet", () => {
  test.each(Object.entries(ROWS))("%s", async (code, row) => {
    const world = row.trouble === undefined ? shared : await copyOf(shared);
    const typing = { ...row.typing, ...(await row.trouble?.(world)) };
    const { document, exit, stderr } = await world.json(row.line.split(" "), {
      ...typing,
      environment: { ...typing.environment, ...(row.adapter === undefined ? {} : { GIT_MODEL_GIT: row.adapter }) },
    });
    expect(document).toMatchObject({ error: { code } });
    expect(exit).toBe(row.exit);
    expect(exitCodeOf(code as ErrorCode)).toBe(row.exit);
    const read = SHAPES.error.safeParse(document);
    expect(read.success ? [] : read.error.issues, JSON.stringify(document)).toEqual([]);
    const { message, hint } = document.error;
    expect(message).not.toMatch(/please|successfully|!|undefined|\[object/i);
    if (row.hint === null) expect(hint === null || hint.length > 5).toBe(true);
    else expect(hint).toMatch(row.hint);
    expect(stderr).not.toMatch(/error\[/);
  });
});

/** A server that refuses one ref, as a hook or a ruleset does. */
async function refuse({ server }: World, ref: string, reason: string): Promise<void> {
  const hook = join(server, "hooks/update");
  await writeFile(hook, `#!/bin/sh\n[ "$1" = "${ref}" ] || exit 0\necho "${reason}" >&2\nexit 1\n`, { mode: 0o755 });
}

/** Somebody else promotes fraud to staging between our look and our push. */
async function overtakenOnce(world: World): Promise<void> {
  const { path, server } = world;
  const before = await git(server, "rev-parse", "stage/staging");
  await expectZero(world.run("promote fraud@1.1.0 --to staging --direct".split(" ")));
  const after = await git(server, "rev-parse", "stage/staging");
  for (const repository of [path, server]) await git(repository, "tag", "-d", "fraud#staging#2");
  await git(server, "update-ref", "refs/heads/stage/staging", before);
  const hook = join(server, "hooks/pre-receive");
  await appendFile(
    hook,
    `#!/bin/sh\nunset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY\n` +
      `git update-ref refs/heads/stage/staging ${after} ${before} 2>/dev/null\nexit 0\n`,
    { mode: 0o755 },
  );
}
