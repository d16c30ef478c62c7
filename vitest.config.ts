import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const inCi = process.env.CI === "true";
const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as {
  readonly version: string;
};

/** `--mode slow` (`npm run test:slow`) runs what would keep `npm test` from staying short. */
export default defineConfig(({ mode }) => ({
  define: { GIT_MODEL_VERSION: JSON.stringify(version) },
  test: {
    include: [mode === "slow" ? "test/**/*.slow.test.ts" : "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", ...(mode === "slow" ? [] : ["test/**/*.slow.test.ts"])],
    globalSetup: ["scripts/fresh-bundle.mjs"],
    globals: false,
    // A small process starts git faster than a large one with threads: half the time in the kernel.
    pool: "forks",
    // Tests mostly wait for git: two at a time pay off even on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: mode === "slow" ? 120_000 : 30_000,
    hookTimeout: mode === "slow" ? 120_000 : 60_000,
    allowOnly: !inCi,
    reporters: inCi
      ? ["default", ["json", { outputFile: `coverage/${mode === "slow" ? "slow-" : ""}tests.json` }]]
      : ["default"],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary", "html"],
    },
  },
}));
