import { describe, expect, it } from "vitest";
import { exampleCommands, exampleRegistry } from "../support/example-registry.ts";
import { git } from "../support/run-git.ts";

describe.each(["native", "embedded"] as const)("registry.example on the %s adapter", (kind) => {
  it("does what commands.txt and story.txt say, and Git finds nothing wrong with it", async () => {
    const { path, server, run } = await exampleRegistry({ git: kind });
    for (const { line, exit } of exampleCommands("story.txt")) {
      const ran = await run(line);
      expect(ran.exitCode, `${line}\n${ran.stdout}${ran.stderr}`).toBe(exit);
    }
    const listed = await run("git model list --json");
    expect(JSON.parse(listed.stdout)).toMatchObject({
      models: [
        { model: "diabetes", latest: "2.0.0", stages: { staging: "2.0.0", production: "1.1.0" } },
        { model: "tumor", latest: "1.3.0", stages: { staging: "1.3.0", production: "1.1.0" } },
        { model: "tumor-onnx", latest: "1.1.0", stages: { staging: "1.1.0", production: "1.1.0" } },
      ],
    });
    expect((await run("git model doctor")).exitCode).toBe(0);
    for (const repository of [path, server]) {
      expect(await git(repository, "fsck", "--strict", "--no-dangling", "--no-progress")).toBe("");
    }
  }, 60_000);
});
