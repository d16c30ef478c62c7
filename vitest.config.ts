import { readFileSync } from "node:fs";
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
