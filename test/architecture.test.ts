import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import extractDepcruiseOptions from "dependency-cruiser/config-utl/extract-depcruise-options";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** A file, what it wrongly imports, and the rule that says so. */
const PLANTED: readonly (readonly [file: string, imports: string, rule: string])[] = [
  ["src/domain/finding.ts", "./model/model-name.ts", "domain-roots-know-no-folder"],
  ["src/domain/artifact/digest.ts", "../metric/metric.ts", "domain-artifact-leftwards"],
  ["src/domain/metric/metric.ts", "../model/model-name.ts", "domain-metric-leftwards"],
  ["src/domain/model/manifest.ts", "../policy/gate.ts", "domain-model-leftwards"],
  ["src/domain/policy/gate.ts", "../stage/ledger.ts", "domain-policy-leftwards"],
  ["src/domain/stage/ledger.ts", "../promotion/need.ts", "domain-stage-leftwards"],
  ["src/domain/promotion/need.ts", "../../documents/manifest.ts", "domain-arrows"],
  ["src/domain/promotion/plan.ts", "node:fs", "node-is-for-adapters-and-edges"],
  ["src/documents/manifest.ts", "../ports/clock.ts", "documents-arrows"],
  ["src/ports/clock.ts", "../documents/report.ts", "ports-arrows"],
  ["src/operations/promote-version.ts", "../adapters/system/clock.ts", "operations-arrows"],
  ["src/operations/list-models.ts", "node:path", "node-is-for-adapters-and-edges"],
  ["src/operations/pull-artifacts.ts", "../compose.ts", "compose-is-for-edges"],
  ["src/operations/diff-versions.ts", "../compose-context.ts", "compose-has-parts"],
  ["src/adapters/system/clock.ts", "../../operations/promote-version.ts", "adapters-arrows"],
  ["src/adapters/git/native/store.ts", "../embedded/store.ts", "git-adapters-are-strangers"],
  ["src/adapters/git/embedded/store.ts", "../../../cli/main.ts", "nobody-imports-an-edge"],
  ["src/cli/main.ts", "../adapters/system/clock.ts", "cli-arrows"],
  ["src/cli/render.ts", "yaml", "home-of-yaml"],
  ["src/operations/register-version.ts", "zod", "home-of-zod"],
  ["src/adapters/system/network.ts", "isomorphic-git", "home-of-isomorphic-git"],
  ["src/operations/resolve.ts", "semver", "home-of-semver"],
  ["src/operations/compare.ts", "big.js", "home-of-big-js"],
  ["src/compose.ts", "commander", "home-of-commander"],
  ["src/documents/report.ts", "left-pad", "libraries-have-a-home"],
  ["src/errors.ts", "./ports/clock.ts", "errors-know-the-domain-only"],
  ["src/registry.ts", "./documents/report.ts", "registry-is-an-interface-over-operations"],
  ["src/index.ts", "./utils/strings.ts", "known-rooms-only"],
  ["src/documents/policy.ts", "./nowhere.ts", "everything-resolves"],
  ["src/adapters/lfs/one.ts", "./two.ts", "no-cycles"],
];

const SOUND = ["src/utils/strings.ts", "src/domain/model/model-name.ts", "src/compose-context.ts"];
/** Closes the circle that the planted src/adapters/lfs/one.ts opens. */
const CIRCLE = ["src/adapters/lfs/two.ts", 'export * from "./one.ts";\n'] as const;
const ORPHAN = "src/documents/alone.ts";

describe("the architecture", () => {
  test("holds in src, and more than zero modules were looked at", async () => {
    const found = await cruiseFrom(ROOT);
    expect(violationsOf(found)).toEqual([]);
    expect(found.modules.length).toBeGreaterThan(40);
    expect(found.summary.totalDependenciesCruised).toBeGreaterThan(40);
  });

  test("leaves environment, working directory, clock and randomness to the edges", async () => {
    const impure = /\bprocess\.(?:env|cwd\()|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bconsole\.|\brandomUUID\(/;
    const offenders: string[] = [];
    for (const path of await sources()) {
      if (/^(?:cli|action|adapters\/system)\//.test(path)) continue;
      const lines = (await readFile(join(ROOT, "src", path), "utf8")).split("\n");
      lines.forEach((line, index) => {
        if (impure.test(line) && !/^\s*(?:\*|\/\/|\/\*)/.test(line))
          offenders.push(`${path}:${index + 1}: ${line.trim()}`);
      });
    }
    expect(offenders).toEqual([]);
  });
});

describe("a planted violation is found:", () => {
  let folder = "";
  let found: readonly string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "git-model-architecture-"));
    await plant(folder);
    found = violationsOf(await cruiseFrom(folder));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(PLANTED)("%s importing %s breaks %s", (file, _imports, rule) => {
    expect(found.filter((violation) => violation.startsWith(`${rule}: ${file} `))).not.toEqual([]);
  });

  test("a file that nobody knows is an orphan", () => {
    expect(found).toContain(`no-orphans: ${ORPHAN} -> ${ORPHAN}`);
  });

  test("and a file that does nothing wrong is left alone", () => {
    const sound = SOUND.filter((file) => found.some((violation) => violation.includes(`: ${file} `)));
    expect(sound).toEqual([]);
  });
});

async function cruiseFrom(baseDir: string): Promise<ICruiseResult> {
  const options = await extractDepcruiseOptions(join(ROOT, ".dependency-cruiser.mjs"));
  const { output } = await cruise(["src"], { ...options, baseDir });
  if (typeof output === "string") throw new Error(`dependency-cruiser answered with text: ${output}`);
  return output;
}

function violationsOf({ summary }: ICruiseResult): string[] {
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);
}

async function plant(folder: string): Promise<void> {
  const bodies = new Map(SOUND.map((file) => [file, "export const sound = 1;\n"]));
  bodies.set(...CIRCLE);
  bodies.set(ORPHAN, "export const alone = 1;\n");
  for (const [file, imports] of PLANTED) {
    bodies.set(file, `import * as planted from "${imports}";\nexport const use: unknown = planted;\n`);
    if (/^[a-z]/.test(imports) && !imports.startsWith("node:")) {
      bodies.set(`node_modules/${imports}/package.json`, JSON.stringify({ name: imports, main: "index.js" }));
      bodies.set(`node_modules/${imports}/index.js`, "module.exports = {};\n");
    }
  }
  for (const [file, body] of bodies) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), body);
  }
}

async function sources(): Promise<string[]> {
  const names = await readdir(join(ROOT, "src"), { recursive: true });
  return names.filter((name) => name.endsWith(".ts")).sort();
}
