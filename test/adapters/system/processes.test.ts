import { describe, expect, it } from "vitest";
import { type ProcessCall, runProcess } from "../../../src/adapters/system/processes.ts";

const shell = (script: string, rest: Partial<ProcessCall> = {}): ProcessCall => ({
  command: "/bin/sh",
  args: ["-c", script],
  cwd: "/",
  env: {},
  ...rest,
});

describe("running a program", () => {
  it("answers exit code, output and complaints, and inherits no variable", async () => {
    const result = await runProcess(shell('cat; echo "$HOME-$X" >&2; exit 3', { input: "in", env: { X: "x" } }));
    expect(result).toMatchObject({ exitCode: 3, signal: null, stderr: "-x\n" });
    expect(result.stdout.toString()).toBe("in");
  });

  it("does not mind a child that ends without reading its input", async () => {
    const result = await runProcess(shell("exit 0", { input: Buffer.alloc(2_000_000) }));
    expect(result.exitCode).toBe(0);
  });

  it("says which signal ended the child", async () => {
    expect(await runProcess(shell("kill -TERM $$"))).toMatchObject({ exitCode: null, signal: "SIGTERM" });
  });

  it("keeps the end of long complaints", async () => {
    const { stderr } = await runProcess(shell("head -c 300000 /dev/zero | tr '\\0' x >&2; echo the reason >&2"));
    expect(stderr).toHaveLength(64 * 1024);
    expect(stderr.endsWith("the reason\n")).toBe(true);
  });

  it("kills a child that takes too long", async () => {
    const call = shell("exec sleep 20", { timeoutMs: 50 });
    await expect(runProcess(call)).rejects.toMatchObject({ name: "ProcessError", fault: "time-out" });
  });

  it("waits for nothing that such a child leaves behind", { timeout: 10_000 }, async () => {
    const call = shell("sleep 60 & exec sleep 60", { timeoutMs: 50 });
    await expect(runProcess(call)).rejects.toMatchObject({ fault: "time-out" });
  });

  it("kills a child that prints too much", async () => {
    const call = shell("exec cat /dev/zero", { maxBytes: 100_000 });
    await expect(runProcess(call)).rejects.toMatchObject({ fault: "too-much-output" });
  });

  it("says when there is no such program", async () => {
    const call = shell("", { command: "no-such-program-anywhere" });
    await expect(runProcess(call)).rejects.toMatchObject({ fault: "not-found" });
  });
});
