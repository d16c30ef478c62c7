import { describe, expect, test } from "vitest";
import { arrangeArguments } from "../../src/cli/arrange-arguments.ts";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { HANDLERS } from "../../src/cli/handlers.ts";
import { parseCommand } from "../../src/cli/parse-command.ts";
import { runCli } from "./run-cli.ts";

/** Every line of CLI.md, without what needs a hosted forge. */
const ACCEPTED = [
  "init",
  "init models --name acme --stages staging,production --forge local --shared",
  "init models --forge git --no-push",
  "register fraud out/model.onnx out/scaler.pkl --version 1.3.0 --metrics m.json --metric f1=0.88 --metric auc=0.9",
  "register fraud out --bump minor --params p.json --param max_depth=8 --slices s.json --role scaler.pkl=preprocessor",
  "register fraud out --data name=a,uri=s3://b --evaluation e.json --source commit=abc --title T --description D",
  "register fraud out --framework lightgbm@4.5.0 --task regression --label team=risk --metadata m.json --card c.md",
  "register fraud --changelog new --manifest m.yaml --from fraud@1.2.0 --promote staging --dry-run",
  "register fraud out --no-push --offline",
  "list",
  "list fraud --stage production --label a=b --where f1>=0.9 --sort f1 --limit 5",
  "list fraud --all --fetch",
  "list --offline",
  "show fraud@production",
  "history",
  "history fraud --stage production --limit 3",
  "diff fraud@1.2.0 fraud@1.3.0 --markdown",
  "compare",
  "compare fraud --metric f1 --metric auc --limit 3",
  "compare fraud@1.2.0 fraud@1.3.0",
  "best",
  "best fraud --metric f1 --stage production",
  "promote fraud@1.3.0 vision/resnet50 --to production --direct --if-passing --message why --dry-run",
  "rollback fraud@1.2.0 --stage production --direct --dry-run",
  "demote fraud --stage production --direct",
  "yank fraud@1.2.8 --reason leaked",
  "discard fraud@1.3.0",
  "evaluate fraud@1.3.0 --metrics m.json --slices s.json --evaluation e.json --live --at 2026-11-01T00:00:00Z --note n",
  "evaluate fraud@1.3.0 --metrics m.json --check production --no-push",
  "pr list",
  "pr show fraud --stage production",
  "pr merge fraud --stage production",
  "pr close fraud --stage production",
  "review",
  "review fraud --stage production --markdown",
  "review --base origin/stage/production --head origin/promote/production/fraud",
  "reconcile",
  "validate",
  "validate registry.yaml manifest.yaml",
  "doctor --fix",
  "pull fraud@production -o model --force --role model --verify",
  "pull fraud@production --link current --fallback fraud#production~1 --fallback ./baseline --offline",
  "pull fraud vision/resnet50 --print-path",
  "resolve fraud@^1.2",
  "fetch",
  "push",
  "help",
  "help pr list",
  "completion bash",
];

/** Command line, and what its message says. */
const REFUSED: readonly (readonly [string, RegExp])[] = [
  ["shwo fraud", /did you mean git model show/],
  ["pr mergee fraud", /did you mean git model pr merge/],
  ["pr", /git model pr list \| show/],
  ["show", /show needs REF/],
  ["show a b", /does not take so many words/],
  ["list --srot f1", /did you mean --sort/],
  ["list --limit 0", /whole number/],
  ["list --limit many", /whole number/],
  ["list fraud --limit 3 --all", /exclude each other/],
  ["list --fetch --offline", /exclude each other/],
  ["list --limit", /--limit needs a value/],
  ["pull fraud --output= --force", /--output needs a value/],
  ["pull fraud --link=", /--link needs a value/],
  ["list --registry=", /--registry needs a value/],
  ["list --limit --all", /--limit=--all/],
  ["register fraud m --title --yes", /--title needs a value/],
  ["register fraud m --bump huge", /major, minor or patch, not \\?"huge/],
  ["promote fraud", /promote needs --to/],
  ["rollback fraud", /needs --stage/],
  ["demote fraud --stage s --dry-run", /has no option --dry-run/],
  ["promote fraud --to s --no-push", /has no option --no-push/],
  ["promote fraud --to s --offline", /has no option --offline/],
  ["promote fraud --to s --direct=yes", /--direct takes no value/],
  ["yank fraud@1.0.0", /needs --reason/],
  ["review fraud", /a model and its stage/],
  ["review --base x", /a base and a head/],
  ["review fraud --stage s --base x --head y", /a model and its stage/],
  ["--direct promote fraud", /before a command/],
  ["--jsn list", /did you mean --json/],
  ["completion tcsh", /no completion for/],
  ["help promtoe", /did you mean git model help promote/],
  ["show fraud --version", /has no option --version/],
  ["init --stages a,,b", /list of names/],
];

describe("command lines", () => {
  test.each(ACCEPTED)("git model %s is understood", (line) => {
    const arranged = arrangeArguments(line.split(" "));
    expect(arranged.command).not.toBeNull();
    if (arranged.command !== null) parseCommand(arranged.command, arranged);
  });

  test.each(REFUSED)("git model %s is a usage error", async (line, message) => {
    const ran = await runCli(line.split(" "));
    expect(ran.stderr).toMatch(/^error\[usage\]: /);
    expect(ran.stderr).toMatch(message);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe("");
  });

  test("every example of the help is a command line that is understood", () => {
    for (const { examples, name } of COMMANDS) {
      expect(examples, name).toHaveLength(3);
      for (const { command } of examples) {
        const words = [...command.matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) => word.replace(/^["']|["']$/g, ""));
        if (name === "completion") continue;
        expect(words.slice(0, 2)).toEqual(["git", "model"]);
        const arranged = arrangeArguments(words.slice(2));
        expect(arranged.command?.name, command).toBe(arranged.help ? "promote" : name);
        if (arranged.command !== null && !arranged.help) parseCommand(arranged.command, arranged);
      }
    }
  });

  test("every command has something that runs it", () => {
    expect([...HANDLERS.keys()].sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  });

  test("global options stand before and after the command", () => {
    for (const line of [
      "-C a -C b --quiet list fraud",
      "list -C a fraud --quiet -Cb",
      "list fraud -q --directory=a -C b",
    ]) {
      const arranged = arrangeArguments(line.split(" "));
      expect(arranged).toMatchObject({ directories: ["a", "b"], quiet: true, own: ["fraud"] });
    }
  });

  test("a value that begins with -- is written with =", async () => {
    const arranged = arrangeArguments(["promote", "fraud", "--to=s", "--message=--json"]);
    expect(arranged.json).toBe(false);
    const { command } = arranged;
    expect(command === null ? null : parseCommand(command, arranged).text("--message")).toBe("--json");
  });

  test("words after a lone -- are never options", () => {
    const arranged = arrangeArguments(["validate", "--", "--json", "-x"]);
    expect(arranged.json).toBe(false);
    expect(arranged.command === null ? [] : parseCommand(arranged.command, arranged).words).toEqual(["--json", "-x"]);
  });

  test("--json makes usage errors JSON, wherever it stands", async () => {
    for (const line of ["--json shwo", "shwo --json", "list --limit x --json", "register a b --title --json"]) {
      const ran = await runCli(line.split(" "));
      expect(ran.code).toBe(2);
      expect(ran.stderr).toBe("");
      expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: "usage", retryable: false } });
    }
  });

  test("--version and help need no registry", async () => {
    expect(await runCli(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^git-model \d/),
      asked: [],
    });
    for (const line of ["", "--help", "help", "promote --help", "help pr", "pr --help"]) {
      const ran = await runCli(line === "" ? [] : line.split(" "));
      expect(ran).toMatchObject({ code: 0, stderr: "", asked: [] });
      expect(ran.stdout).toContain("git model");
    }
  });
});
