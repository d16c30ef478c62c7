import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundle, run } from "../../../../support/bundled-process.ts";
import { testAsRoot } from "../../../../support/oracles.ts";
import { git } from "../../../../support/run-git.ts";
import { type TempRepo, tempDir, tempRepo } from "../../../../support/temp-repo.ts";
import { BRANCHES, cloneOf, openHttp, serve, TAGS } from "./served.ts";

const KILLS = 12;

describe("a fetch that is killed", () => {
  it("at any moment leaves a sound repository, and running again completes", async () => {
    const { remote, url } = await serve();
    await fill(remote);
    const script = await bundle(join(import.meta.dirname, "../../../../support/fetching-process.ts"));
    const whole = await cloneOf(url, true);
    const started = performance.now();
    const first = run(script, whole.repo.path);
    await first.ends();
    const lasts = performance.now() - started;
    let killed = 0;
    for (let n = 0; n < KILLS; n++) {
      const { repo } = await cloneOf(url, true);
      const child = run(script, repo.path);
      await child.says(/open/);
      await new Promise((done) => setTimeout(done, (lasts * n) / KILLS));
      await child.kill();
      if (!child.printed().includes("done")) killed += 1;
      await repo.fsck();
      await removeLocks(repo);
      const store = await openHttp(repo);
      await store.fetch("origin", [BRANCHES, TAGS]);
      expect(await repo.git("for-each-ref")).toBe(await whole.repo.git("for-each-ref"));
      await repo.fsck();
    }
    expect(killed).toBeGreaterThan(KILLS / 3);
  });
});

describe("a fetch onto a full disk", () => {
  testAsRoot("says so, leaves nothing behind, and completes when there is room", async () => {
    const { remote, url } = await serve();
    await fill(remote);
    const disk = await tempDir();
    await git(disk, "init", "-q", "--bare", "small");
    await git(disk, "-C", "small", "remote", "add", "origin", url);
    const mounted = join(disk, "small/objects");
    const { execFileSync } = await import("node:child_process");
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", mounted]);
    try {
      const { repoAt } = await import("../../../../support/temp-repo.ts");
      const repo = repoAt(join(disk, "small"), true);
      const store = await openHttp(repo);
      await expect(store.fetch("origin", [BRANCHES, TAGS])).rejects.toMatchObject({ code: "disk", retryable: true });
      expect(await repo.git("for-each-ref")).toBe("");
      expect((await readdir(join(mounted, "pack"))).filter((name) => !name.endsWith(".keep"))).toEqual([]);
      execFileSync("mount", ["-o", "remount,size=64m", mounted]);
      await store.fetch("origin", [BRANCHES, TAGS]);
      await repo.fsck();
    } finally {
      execFileSync("umount", ["-l", mounted]);
    }
  });
});

/** A few hundred commits with files and tags, and incompressible bytes. */
async function fill(remote: TempRepo): Promise<void> {
  const author = await tempRepo();
  const commands: string[] = [];
  for (let n = 0; n < 400; n++) {
    const content = Array.from({ length: 40 }, (_, k) => Math.sin(n * 40 + k).toString(36)).join("\n");
    commands.push(
      "commit refs/heads/main",
      `mark :${n + 1}`,
      `committer A <a@example.org> ${1_700_000_000 + n} +0000`,
      "data 1\nx",
      ...(n === 0 ? [] : [`from :${n}`]),
      `M 100644 inline f/${n % 20}/${n}.txt\ndata ${Buffer.byteLength(content)}\n${content}`,
      `tag m@v1.0.${n}`,
      `from :${n + 1}`,
      `tagger A <a@example.org> ${1_700_000_000 + n} +0000`,
      "data 1\nx",
    );
  }
  await author.gitBytes({ input: `${commands.join("\n")}\n` }, "fast-import", "--quiet");
  await author.git("push", "-q", "--tags", remote.path, "main");
}

async function removeLocks(repo: TempRepo): Promise<void> {
  for (const name of await readdir(repo.gitDir, { recursive: true })) {
    if (name.endsWith(".lock")) await rm(join(repo.gitDir, name));
  }
}
