import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const inCi = process.env.CI === "true";

const { version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as {
  readonly version: string;
};

export default defineConfig({
  define: { GIT_MODEL_VERSION: JSON.stringify(version) },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["scripts/fresh-bundle.mjs"],
    globals: false,
    pool: "threads",
    // Tests mostly wait for git: two at a time pay off even on two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 30_000,
    allowOnly: !inCi,
    reporters: inCi ? ["default", ["json", { outputFile: "coverage/tests.json" }]] : ["default"],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      reporter: ["text-summary", "html"],
    },
  },
});
