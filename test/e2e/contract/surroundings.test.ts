import { mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { git, isolatedEnvironment } from "../../support/run-git.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { runProgram } from "./run-program.ts";
import { SHAPES } from "./shapes.ts";
import { copyOf, expectZero, initialised, type World } from "./world.ts";

const POLICY = "schemaVersion: 1\nname: acme-models\nstages:\n  staging: {}\n  production: {}\n";
const LAUNCHER = fileURLToPath(new URL("../../../bin/git-model.js", import.meta.url));

let world: World;

beforeAll(async () => {
  world = await initialised("native", POLICY);
  await world.file("model.onnx", "weights\n");
  await expectZero(world.run("register fraud model.onnx --metric f1=0.9".split(" ")));
  await expectZero(world.run("register team/churn model.onnx --no-push".split(" ")));
});

/** Without GIT_MODEL_REGISTRY; further variables on top. */
function nowhere(environment: NodeJS.ProcessEnv = {}) {
  return { environment: { GIT_MODEL_REGISTRY: undefined, ...environment } };
}

describe("where the registry is found", () => {
  const models = async (words: readonly string[], typing: Parameters<World["json"]>[1] = nowhere()) => {
    const { document } = await world.json(words, typing);
    return document.error?.code ?? document.models.map(({ model }: { readonly model: string }) => model);
  };
  const FOUND = ["fraud", "team/churn"];

  test("-C, several of them, before and after the command", async () => {
    expect(await models(["-C", "models", "list"])).toEqual(FOUND);
    expect(await models(["list", "-Cmodels"])).toEqual(FOUND);
    expect(await models(["-C", "server.git", "-C", "../models", "list"])).toEqual(FOUND);
    expect(await models(["list"])).toBe("not-a-registry");
  });

  test("-C moves the files that options name, too", async () => {
    const { document } = await world.json(["-C", "..", "validate", join(world.directory, "models/registry.yaml")]);
    expect(document.findings).toEqual([]);
    const missing = await world.json(["-C", "models", "register", "fraud", "model.onnx"]);
    expect(missing.document.error.message).toContain("model.onnx");
  });

  test("--registry wins over GIT_MODEL_REGISTRY, that over the configuration", async () => {
    const elsewhere = nowhere({ GIT_MODEL_REGISTRY: join(world.directory, "nothing") });
    expect(await models(["list", "--registry", "models"], elsewhere)).toEqual(FOUND);
    expect(await models(["list", "--registry=models"], elsewhere)).toEqual(FOUND);
    expect(await models(["list"], elsewhere)).toBe("not-a-registry");
  });

  test("git config git-model.registry: of the repository around, and of the user outside any", async () => {
    const code = join(await tempDir(), "code");
    await git(world.directory, "init", "-q", code);
    await git(code, "config", "git-model.registry", world.path);
    expect(await models(["list"], { ...nowhere(), directory: code })).toEqual(FOUND);
    const config = await world.file("user.gitconfig", `[git-model]\n\tregistry = ${world.path}\n`);
    const user = nowhere({ GIT_CONFIG_GLOBAL: config });
    expect(await models(["list"], user)).toEqual(FOUND);
    expect(await models(["list"], nowhere({ ...user.environment, GIT_MODEL_GIT: "embedded" }))).toEqual(FOUND);
  });

  test("the repository around, from a folder inside it, and a bare one", async () => {
    await mkdir(join(world.path, "inside"), { recursive: true });
    expect(await models(["list"], { ...nowhere(), directory: join(world.path, "inside") })).toEqual(FOUND);
    expect(await models(["list"], { ...nowhere(), directory: world.server })).toEqual(["fraud"]);
  });

  test("of several remotes the configured one, else origin", async () => {
    const copy = await copyOf(world);
    await git(copy.path, "remote", "add", "mirror", join(copy.directory, "mirror.git"));
    const remoteOf = async () => (await copy.json(["fetch"])).document;
    expect(await remoteOf()).toMatchObject({ remote: "origin" });
    await git(copy.path, "remote", "rename", "origin", "hub");
    expect(await remoteOf()).toMatchObject({ error: { code: "remote-ambiguous" } });
    await git(copy.path, "config", "git-model.remote", "hub");
    expect(await remoteOf()).toMatchObject({ remote: "hub" });
    await git(copy.path, "config", "git-model.remote", "gone");
    expect(await remoteOf()).toMatchObject({ error: { code: "remote-ambiguous" } });
  });
});

describe("usage errors with --json", () => {
  test.each([
    ["an unknown command", ["lst"], /did you mean git model list/],
    ["an unknown option", ["list", "--wher", "x"], /--where/],
    ["a missing argument", ["show"], /git model show/],
    ["too many words", ["show", "a", "b"], /git model show/],
    ["a missing mandatory option", ["promote", "fraud"], /--to STAGE/],
    ["an option without its value", ["list", "--stage"], /--stage=--json/],
    ["a value that looks like an option", ["list", "--stage", "--all"], /--stage=--all/],
    ["a choice that there is not", ["register", "fraud", "f", "--bump", "huge"], null],
    ["a number that is none", ["list", "--limit", "many"], null],
    ["two options that exclude each other", ["list", "--limit", "1", "--all"], null],
    ["a version and a bump", ["register", "fraud", "model.onnx", "--version", "2.0.0", "--bump", "major"], null],
    ["one model twice", ["promote", "fraud", "fraud@1.0.0", "--to", "staging"], null],
    ["two references with --link", ["pull", "fraud", "team/churn", "--link", "current"], null],
    ["--offline where the server is asked", ["register", "fraud", "model.onnx", "--offline"], null],
    ["--offline where there is no such option", ["promote", "fraud", "--to", "staging", "--offline"], null],
    ["nothing behind pr", ["pr"], /pr list/],
    ["an unknown global option", ["--nope", "list"], null],
    ["a flag with a value", ["list", "--all=yes"], null],
    ["a key that JavaScript would misread", ["register", "fraud", "model.onnx", "--param", "__proto__=1"], null],
    ["a wrong label", ["register", "fraud", "model.onnx", "--label", "risk"], null],
    ["two options that read standard input", ["evaluate", "fraud", "--metrics=-", "--slices=-"], null],
    ["a wrong --where", ["list", "fraud", "--where", "f1>>1"], null],
    ["best without metric and score", ["best", "fraud"], /--metric/],
    ["a review of half a pair", ["review", "--base", "origin/main"], null],
    ["a review that nothing names", ["review"], null],
    ["an unknown shell", ["completion", "tcsh"], /bash/],
  ])("%s", async (_, words, hint) => {
    await world.file("f.json", '{"f1": 0.9}');
    const before = await world.state();
    const { document, exit, stderr } = await world.json(words, { stdin: "f1: 1" });
    expect(document.error, JSON.stringify(document)).toMatchObject({ code: "usage" });
    expect(exit).toBe(2);
    expect(stderr).toBe("");
    const read = SHAPES.error.safeParse(document);
    expect(read.success ? [] : read.error.issues).toEqual([]);
    if (hint !== null) expect(document.error.hint).toMatch(hint);
    expect(await world.state()).toBe(before);
  });

  test("--json behind a lone -- is a word, before it counts however wrong the rest is", async () => {
    expect((await world.run(["show", "--", "--json"])).stdout).toBe("");
    expect(JSON.parse((await world.run(["--json", "frobnicate"])).stdout)).toHaveProperty("error");
  });
});

describe("what is written where", () => {
  test("piped: plain rows on stdout, no colours, no progress", async () => {
    const { stdout, stderr } = await world.run(["list"]);
    expect(stdout).toMatch(/^.*fraud.*1\.0\.0/m);
    expect(stdout + stderr).not.toContain("\u001b");
    expect(stderr).toBe("");
  });

  test("a terminal gets colours, unless --no-color or NO_COLOR say otherwise", async () => {
    const onTerminal = { terminal: 100, environment: { NO_COLOR: undefined, TERM: "xterm" } };
    const coloured = await world.run(["resolve", "fraud"], onTerminal);
    expect(coloured.stdout).toContain("\u001b[");
    const plain = await world.run(["resolve", "fraud", "--no-color"], onTerminal);
    expect(plain.stdout).not.toContain("\u001b");
    const asked = await world.run(["resolve", "fraud"], {
      ...onTerminal,
      environment: { NO_COLOR: "1", TERM: "xterm" },
    });
    expect(asked.stdout).toBe(plain.stdout);
    expect(stripVTControlCharacters(coloured.stdout)).toBe(plain.stdout);
  });

  test("warnings go to stderr, and --quiet keeps them back; JSON is untouched", async () => {
    const copy = await copyOf(world);
    await copy.policy(`${POLICY}stags: {}\n`);
    const loud = await copy.json(["best", "fraud", "--metric", "f1"]);
    expect(loud.stderr).toMatch(/warning/);
    const quiet = await copy.json(["best", "fraud", "--metric", "f1", "--quiet"]);
    expect(quiet.stderr).toBe("");
    expect(quiet.document).toEqual(loud.document);
  });

  test("an error goes to stderr, with its code and hint, and nothing to stdout", async () => {
    const { exit, stdout, stderr } = await world.run(["show", "fraud@9.9.9"]);
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: "" });
    expect(stderr).toMatch(/^error\[not-found\]: .+\n/);
  });

  test("GIT_MODEL_DEBUG adds where an error was thrown, on stderr alone", async () => {
    const { stderr, document } = await world.json(["show", "nothing"], { environment: { GIT_MODEL_DEBUG: "1" } });
    expect(stderr).toMatch(/\n\s+at .+\.ts:\d+/);
    expect(document.error.code).toBe("not-found");
  });

  test("a question is asked on a terminal only", async () => {
    const copy = await copyOf(world);
    const asked = await copy.run(["discard", "team/churn"], { terminal: 80, stdin: "n\n" });
    expect(asked).toMatchObject({ exit: 1, stdout: expect.stringContaining("Nothing was changed") });
    expect(asked.stderr).toContain("Discard the draft");
    const piped = await copy.run(["discard", "team/churn"]);
    expect(piped).toMatchObject({ exit: 0, stderr: "" });
  });
});

describe("completion on a real registry", () => {
  const words = async (...typed: readonly string[]) => {
    const { stdout, stderr } = await world.run(["__complete", "--", ...typed]);
    expect(stderr).toBe("");
    return stdout.split("\n").filter((word) => word !== "");
  };

  test("models, versions, stages and selectors, options and their values", async () => {
    expect(await words("show", "")).toEqual(["fraud", "team/churn"]);
    expect(await words("show", "fr")).toEqual(["fraud"]);
    expect(await words("show", "fraud@")).toEqual([
      "fraud@1.0.0",
      "fraud@latest",
      "fraud@best",
      "fraud@staging",
      "fraud@production",
    ]);
    expect(await words("pull", "fraud", "team/churn@1")).toEqual(["team/churn@1.0.0"]);
    expect(await words("promote", "fraud", "--to", "")).toEqual(["staging", "production"]);
    expect(await words("resolve", "fraud#st")).toEqual(["fraud#staging"]);
    expect(await words("register", "fraud", "--bump", "")).toEqual(["major", "minor", "patch"]);
    expect(await words("pr", "")).toEqual(["list", "show", "merge", "close"]);
    expect(await words("-C", "models", "rollb")).toEqual(["rollback"]);
  });

  test("no words and no noise where there is no registry", async () => {
    const { stdout, stderr, exit } = await world.run(["__complete", "--", "show", ""], nowhere());
    expect({ stdout, stderr, exit }).toEqual({ stdout: "", stderr: "", exit: 0 });
  });
});

describe("as git's own subcommand", () => {
  test("git model list, from the PATH, as a process; GIT_MODEL_TTY draws as on a terminal", async () => {
    const bin = join(await tempDir(), "bin");
    await mkdir(bin);
    await symlink(LAUNCHER, join(bin, "git-model"));
    const environment = isolatedEnvironment({ ...world.environment, PATH: `${bin}${delimiter}${process.env.PATH}` });
    const run = (args: readonly string[], changes: NodeJS.ProcessEnv = {}) =>
      runProgram("git", args, { cwd: world.path, environment: { ...environment, ...changes } });
    const [listed, inside, refused, drawn] = await Promise.all([
      run(["model", "list", "--json"]),
      run(["-C", world.path, "model", "list"], { GIT_MODEL_REGISTRY: "" }),
      run(["model", "show", "nothing", "--json"]),
      run(["model", "show", "fraud"], { GIT_MODEL_TTY: "60" }),
    ]);
    expect(JSON.parse(listed.stdout)).toEqual((await world.json(["list"])).document);
    expect(inside).toMatchObject({ exit: 0, stdout: (await world.run(["list"])).stdout });
    expect(refused.stderr).toBe("");
    expect(refused.exit).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: "not-found" } });
    expect(drawn.stdout).toContain("\u001b[");
  });

  test("a broken pipe and a directory that is gone are no bug", async () => {
    const gone = join(await tempDir(), "gone");
    await mkdir(gone);
    const script = `cd ${gone} && rmdir ${gone} && node ${LAUNCHER} list --registry ${world.path}`;
    const ran = await runProgram("sh", ["-c", script], { cwd: world.path, environment: world.environment });
    expect(ran.exit, ran.stderr).not.toBe(70);
    const piped = `node ${LAUNCHER} help --registry ${world.path} | head -n 1`;
    const closed = await runProgram("sh", ["-c", piped], { cwd: world.path, environment: world.environment });
    expect(closed).toMatchObject({ exit: 0, stderr: "" });
  });
});

describe("something that is far too large", () => {
  test.each(["native", "embedded"])("is refused aloud by %s git as the last thing that is read", async (adapter) => {
    const other = await copyOf(world);
    await git(other.path, "fetch", "-q");
    await git(other.path, "reset", "-q", "--hard", "origin/main");
    await writeFile(join(other.path, "registry.yaml"), `#${"x".repeat(5_000_000)}`);
    await git(other.path, "commit", "-qam", "Too much");
    await git(other.path, "push", "-q", "origin", "HEAD:main");
    const { PATH } = process.env;
    const ran = await runProgram(process.execPath, [LAUNCHER, "promote", "fraud", "--to", "staging", "--direct"], {
      cwd: other.path,
      environment: isolatedEnvironment({ PATH, GIT_MODEL_GIT: adapter, HOME: await tempDir() }),
    });
    expect(ran.stderr).toContain("registry.yaml has more than 262144 bytes");
    expect(ran.exit).toBe(2);
  });
});
