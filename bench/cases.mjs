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

async function listCase({ ours, environment: env, large }) {
  const cwd = await large();
  return {
    name: `list, warm, ${tags(cwd, env).length} versions`,
    against: "node -e 0, git for-each-ref",
    budget: 1.5,
    ours: () => time([ours("list")], { cwd, env }),
    floor: () => time([NODE, IDS_AND_NAMES], { cwd, env }),
  };
}

/** A question about one version must not cost more because there are many others. */
async function readCases({ ours, environment: env, large, small }) {
  const [many, few] = [await large(), await small()];
  const [questionOfMany, questionOfFew] = [many, few].map((cwd) => lastTag(cwd, env).replace("@v", "@"));
  return ["resolve", "show"].map((command) => ({
    name: `${command}, ${tags(many, env).length} versions`,
    against: `${tags(few, env).length} versions`,
    budget: 2,
    ours: () => time([ours(command, questionOfMany)], { cwd: many, env }),
    floor: () => time([ours(command, questionOfFew)], { cwd: few, env }),
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

function lastTag(cwd, env) {
  const last = tags(cwd, env).at(-1);
  if (last === undefined) throw new Error(`${cwd} holds no versions`);
  return last;
}

function tags(cwd, env) {
  const { stdout } = spawnSync("git", ["tag", "--list", "*@v*"], { cwd, env, encoding: "utf8" });
  return stdout.split("\n").filter((tag) => tag !== "" && !tag.includes("!"));
}
