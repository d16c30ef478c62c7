import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { time } from "./measure.mjs";
import { stir } from "./workshop.mjs";

const NODE = [process.execPath, "-e", "0"];
const IDS_AND_NAMES = ["git", "for-each-ref", "--format=%(objectname) %(refname)"];

/**
 * What is measured: ours against a floor, with the budget of the design (null: none is set for this comparison).
 * Memory budgets are bytes.
 */
export async function casesOf(workshop) {
  return [startCase(workshop), await listCase(workshop), ...(await readCases(workshop)), await registerCase(workshop)];
}

function startCase({ ours, environment: env }) {
  return {
    name: "--version",
    against: "node -e 0",
    budget: 1.5,
    ours: () => time([ours("--version")], { env }),
    floor: () => time([NODE], { env }),
  };
}

async function listCase({ ours, environment: env, readable }) {
  const cwd = await readable();
  return {
    name: `list, warm (${versionsIn(cwd, env)} versions)`,
    against: "node -e 0, git for-each-ref",
    budget: 1.5,
    ours: () => time([ours("list")], { cwd, env }),
    floor: () => time([NODE, IDS_AND_NAMES], { cwd, env }),
  };
}

/** The design's budget for these is against an MLflow client, which a later bench brings along. */
async function readCases({ ours, environment: env, readable }) {
  const cwd = await readable();
  const reference = firstTag(cwd, env).replace("@v", "@");
  return ["resolve", "show"].map((command) => ({
    name: `${command} ${reference}`,
    against: "node -e 0, git cat-file",
    budget: null,
    ours: () => time([ours(command, reference)], { cwd, env }),
    floor: () => time([NODE, ["git", "cat-file", "-p", `${firstTag(cwd, env)}:manifest.yaml`]], { cwd, env }),
  }));
}

async function registerCase(workshop) {
  const { ours, environment: env, directory, megabytes, has } = workshop;
  const name = `register, ${megabytes} MiB, synced`;
  const absent = ["openssl", "cp", "sync"].filter((program) => !has(program));
  if (absent.length > 0) return { name, skip: `${absent.join(", ")} not on the PATH` };
  const [registry, file] = [await workshop.writable(), await workshop.bigFile()];
  const copy = join(directory, "copy.bin");
  return {
    name,
    against: "openssl dgst, cp, sync",
    budget: 1.3,
    memoryBudget: 150e6,
    rounds: 5,
    async ours(round) {
      await stir(file, round);
      return time([ours("--registry", registry, "register", "big", file)], { cwd: directory, env, memory: true });
    },
    floor: () =>
      time(
        [
          ["openssl", "dgst", "-sha256", file],
          ["cp", file, copy],
          ["sync", copy],
        ],
        { cwd: directory, env },
      ),
  };
}

function versionsIn(cwd, env) {
  return tags(cwd, env).length;
}

function firstTag(cwd, env) {
  const [first] = tags(cwd, env);
  if (first === undefined) throw new Error(`${cwd} holds no versions`);
  return first;
}

function tags(cwd, env) {
  const { stdout } = spawnSync("git", ["tag", "--list", "*@v*"], { cwd, env, encoding: "utf8" });
  return stdout.split("\n").filter((tag) => tag !== "" && !tag.includes("!"));
}
