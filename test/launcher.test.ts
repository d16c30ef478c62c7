import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const LAUNCHER = fileURLToPath(new URL("../bin/git-model.js", import.meta.url));

/** A program that does on demand what a command line can do to its launcher. */
const PROGRAM = `
export const processIo = () => ({ write: (text) => process.stdout.write(text) });
export async function main([what], io) {
  if (what === "wait") { io.write("ready"); await new Promise((resolve) => setTimeout(resolve, 15_000)); }
  if (what === "flood") for (let line = 0; line < 200_000; line += 1) io.write("line " + line + "\\n");
  if (what === "sleep") await new Promise(() => {});
  if (what === "break") throw new Error("never thought of that");
  return what === "no" ? 1 : 0;
}
`;

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "git-model-launcher-"));
  await mkdir(join(folder, "bin"));
  await mkdir(join(folder, "dist/cli"), { recursive: true });
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  await writeFile(join(folder, "dist/cli/main.js"), PROGRAM);
  await copyFile(LAUNCHER, join(folder, "bin/git-model.js"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the launcher", () => {
  test("exits with what the program answers", async () => {
    expect(await codeOf(launch("no"))).toBe(1);
  });

  test("calls an unforeseen error a bug and exits 70", async () => {
    const child = launch("break");
    const said = textOf(child.stderr);
    expect(await codeOf(child)).toBe(70);
    expect(await said).toMatch(/please report it: Error: never thought of that/);
  });

  test("takes an end without an answer for a bug, not for a success", async () => {
    const child = launch("sleep");
    const said = textOf(child.stderr);
    expect(await codeOf(child)).toBe(70);
    expect(await said).toBe("git-model has a bug, please report it: it ended without an answer\n");
  });

  test("ends quietly with 0 when the reader has seen enough", async () => {
    const child = launch("flood");
    const said = textOf(child.stderr);
    child.stdout?.once("data", () => child.stdout?.destroy());
    expect(await codeOf(child)).toBe(0);
    expect(await said).toBe("");
  });

  test.runIf(existsSync("/dev/full"))("says that the answer could not be written, with 3", async () => {
    const full = openSync("/dev/full", "w");
    const child = launch("flood", folder, full);
    const said = textOf(child.stderr);
    expect(await codeOf(child)).toBe(3);
    expect(await said).toBe("error[disk]: the answer cannot be written: ENOSPC\n");
    closeSync(full);
  });

  test("exits 130 when interrupted", async () => {
    const child = launch("wait");
    child.stdout?.once("data", () => child.kill("SIGINT"));
    expect(await codeOf(child)).toBe(130);
  });

  test("says how to build where nothing is built", async () => {
    const bare = await mkdtemp(join(folder, "bare-"));
    await mkdir(join(bare, "bin"));
    await copyFile(LAUNCHER, join(bare, "bin/git-model.js"));
    const child = launch("no", bare);
    const said = textOf(child.stderr);
    expect(await codeOf(child)).toBe(70);
    expect(await said).toBe("git-model is not built: run npm run build in its folder.\n");
  });
});

function launch(what: string, from = folder, stdout: number | "pipe" = "pipe"): ChildProcess {
  return spawn(process.execPath, [join(from, "bin/git-model.js"), what], { stdio: ["ignore", stdout, "pipe"] });
}

async function codeOf(child: ChildProcess): Promise<unknown> {
  const [code] = await once(child, "exit");
  return code;
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = "";
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}
