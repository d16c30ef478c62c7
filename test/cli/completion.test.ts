import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { COMPLETION_SCRIPTS } from "../../src/cli/completion-scripts.ts";
import { runCli } from "./run-cli.ts";

const WORDS: Readonly<Record<string, readonly string[]>> = {
  models: ["fraud", "vision/resnet50"],
  stages: ["staging", "production"],
  versions: ["1.3.0", "1.2.9"],
};

async function completed(...typed: string[]): Promise<readonly string[]> {
  const answers = { complete: (what: string) => WORDS[what] ?? [] };
  const ran = await runCli(["__complete", "--", ...typed], { answers });
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  return ran.stdout.split("\n").filter((line) => line !== "");
}

describe("completion", () => {
  test("offers commands, and those of a family", async () => {
    expect(await completed("pro")).toEqual(["promote"]);
    expect(await completed("pr")).toEqual(["promote", "pr"]);
    expect(await completed("pr", "")).toEqual(["list", "show", "merge", "close"]);
    expect(await completed("--quiet", "re")).toEqual(
      ["register", "resolve", "rollback", "review", "reconcile"].filter((one) => one.startsWith("re")),
    );
  });

  test("offers options and their values", async () => {
    expect(await completed("promote", "fraud", "--d")).toEqual(["--direct", "--dry-run", "--directory"]);
    expect(await completed("register", "fraud", "--bump", "m")).toEqual(["major", "minor"]);
    expect(await completed("register", "fraud", "--bump=")).toEqual(["--bump=major", "--bump=minor", "--bump=patch"]);
    expect(await completed("promote", "fraud", "--to", "")).toEqual(["staging", "production"]);
    expect(await completed("promote", "fraud", "--to=pro")).toEqual(["--to=production"]);
    expect(await completed("completion", "")).toEqual(["bash", "zsh", "fish"]);
  });

  test("offers models, versions behind @, stages behind #", async () => {
    expect(await completed("show", "")).toEqual(["fraud", "vision/resnet50"]);
    expect(await completed("show", "fraud@1")).toEqual(["fraud@1.3.0", "fraud@1.2.9"]);
    expect(await completed("show", "fraud@")).toContain("fraud@production");
    expect(await completed("show", "fraud#st")).toEqual(["fraud#staging"]);
    expect(await completed("promote", "fraud", "vis")).toEqual(["vision/resnet50"]);
    expect(await completed("-C", "dir", "show", "f")).toEqual(["fraud"]);
  });

  test("leaves files to the shell and is silent on errors", async () => {
    expect(await completed("register", "fraud", "")).toEqual([]);
    expect(await completed("show", "one", "two")).toEqual([]);
    const failing = { complete: () => Promise.reject(new Error("no registry")) };
    expect(await runCli(["__complete", "--", "show", ""], { answers: failing })).toMatchObject({
      code: 0,
      stdout: "",
      stderr: "",
    });
  });

  test("the bash script completes words with @ and =, also behind git model", () => {
    const script = `
      git-model() { printf '%s\\n' fraud@1.3.0 fraud@1.2.9; }
      ${COMPLETION_SCRIPTS.bash}
      COMP_LINE="$1"; COMP_POINT=\${#COMP_LINE}; _git_model_words; printf '%s\\n' "\${COMPREPLY[@]}"
    `;
    for (const line of ["git-model show fraud@", "git model show fraud@1"]) {
      expect(execFileSync("bash", ["-c", script, "bash", line], { encoding: "utf8" })).toBe("1.3.0\n1.2.9\n");
    }
    expect(execFileSync("bash", ["-c", script, "bash", "git-model show f"], { encoding: "utf8" })).toContain(
      "fraud@1.3.0\n",
    );
  });

  test("each script is one that its shell can read", async () => {
    for (const shell of ["bash", "zsh", "fish"] as const) {
      const ran = await runCli(["completion", shell]);
      expect(ran).toMatchObject({ code: 0, stdout: COMPLETION_SCRIPTS[shell] });
      const checked = spawnSync(shell, ["-n"], { input: ran.stdout, encoding: "utf8" });
      if (checked.error === undefined) expect(checked.stderr).toBe("");
    }
  });
});
