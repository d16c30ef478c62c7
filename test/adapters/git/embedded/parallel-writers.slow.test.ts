import { type ChildProcess, spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { isolatedEnvironment } from "../../../support/run-git.ts";
import { type TempRepo, tempDir, tempRepo } from "../../../support/temp-repo.ts";

const EACH = 50;
const KILLS = 8;

let program = "";

beforeAll(async () => {
  program = join(await tempDir(), "appending-writer.mjs");
  await build({
    entryPoints: [join(import.meta.dirname, "../../../support/appending-writer.ts")],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["isomorphic-git"],
    logLevel: "error",
  });
});

describe("writers beside each other", () => {
  it("lose no update of two processes while git packs refs and collects garbage", { timeout: 60_000 }, async () => {
    const repo = await tempRepo();
    const writers = ["left", "right"].map((name) => startWriter(repo, name, EACH));
    const ended = Promise.all(writers.map(({ end }) => end));
    let running = true;
    void ended.finally(() => {
      running = false;
    });
    let rounds = 0;
    while (running) {
      await repo.git("pack-refs", "--all", "--prune");
      if (rounds % 4 === 0) await repo.git("gc", "-q");
      if (rounds % 4 === 2) await repo.git("repack", "-q", "-ad");
      rounds += 1;
    }
    expect(await ended).toEqual([0, 0]);
    expect(rounds).toBeGreaterThan(2);
    const messages = (await repo.git("log", "--format=%s", "refs/heads/shared")).split("\n");
    expect(messages.sort()).toEqual(
      ["left", "right"].flatMap((name) => Array.from({ length: EACH }, (_, n) => `${name} ${n}`)).sort(),
    );
    expect((await repo.git("tag", "--list")).split("\n")).toHaveLength(2 * EACH);
    await repo.fsck();
  });

  it("lose nothing acknowledged when they are killed, and a rerun completes", { timeout: 60_000 }, async () => {
    const repo = await tempRepo();
    for (let kill = 0; kill < KILLS; kill++) {
      const writer = startWriter(repo, "killed", EACH);
      await writer.says(2 + kill);
      await new Promise((done) => setTimeout(done, kill * 3));
      writer.child.kill("SIGKILL");
      await writer.end;
      await removeLocks(repo);
      await repo.fsck();
      const kept = new Set((await repo.git("tag", "--list")).split("\n"));
      for (const n of writer.acknowledged()) expect(kept).toContain(`killed@v${n}`);
    }
    expect(await startWriter(repo, "killed", EACH).end).toBe(0);
    const messages = (await repo.git("log", "--format=%s", "refs/heads/shared")).split("\n");
    for (let n = 0; n < EACH; n++) expect(messages).toContain(`killed ${n}`);
    await repo.fsck();
  });
});

interface Writer {
  readonly child: ChildProcess;
  readonly end: Promise<number | null>;
  acknowledged(): readonly string[];
  /** When it has acknowledged that many, or ended. */
  says(count: number): Promise<void>;
}

function startWriter(repo: TempRepo, name: string, count: number): Writer {
  const child = spawn(process.execPath, [program, repo.path, name, String(count)], {
    env: isolatedEnvironment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout?.on("data", (chunk) => {
    said += String(chunk);
  });
  const end = new Promise<number | null>((resolve) => child.on("close", resolve));
  const acknowledged = () => said.split("\n").slice(0, -1);
  return {
    child,
    end,
    acknowledged,
    async says(count) {
      while (acknowledged().length < count && child.exitCode === null) await new Promise((done) => setTimeout(done, 2));
    },
  };
}

/** What a person does after a kill; nothing breaks locks yet. */
async function removeLocks(repo: TempRepo): Promise<void> {
  const names = await readdir(repo.gitDir, { recursive: true });
  for (const name of names.filter((one) => one.endsWith(".lock"))) await rm(join(repo.gitDir, name));
}
