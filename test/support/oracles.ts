import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, test } from "vitest";

/** A foreign program that judges what we wrote, or is the other side; `pyyaml` is the python3 that can import it. */
export type Oracle = "git" | "git-lfs" | "gto" | "pyyaml" | "rudolfs" | "gitea" | "sshd";

/** Where an oracle stands: on the PATH, where `.ci/run` builds it, or where systems keep their daemons; null where it does not. */
export function oracle(name: Oracle): string | null {
  if (name !== "pyyaml") return programOf(name, [join(TOOLS, name, "bin"), "/usr/sbin", "/usr/local/sbin"]);
  const python = programOf("python3");
  return python !== null && spawnSync(python, ["-c", "import yaml"]).status === 0 ? python : null;
}

/**
 * `describe` for tests that ask foreign programs. Where one is missing they are skipped and the console says so;
 * with CI=true they fail instead, so that a green run always asked every oracle.
 */
export function describeWith(oracles: readonly Oracle[], name: string, body: () => void): void {
  const missing = oracles.filter((each) => oracle(each) === null);
  if (missing.length === 0) {
    describe(name, body);
    return;
  }
  const message = `"${name}" asks ${missing.join(" and ")}, which is not installed (.ci/run installs it)`;
  if (process.env.CI === "true") {
    test(name, () => {
      throw new Error(message);
    });
    return;
  }
  // biome-ignore lint/suspicious/noConsole: a silent skip would look like a pass
  console.warn(`SKIPPED: ${message}`);
  // biome-ignore lint/suspicious/noSkippedTests: the one place where tests may be skipped
  describe.skip(name, body);
}

/** `test` for what only root can try: another user, a mount. For others it is left out, and the console says so. */
export function testAsRoot(name: string, body: () => Promise<void>): void {
  if (process.getuid?.() === 0) {
    test(name, body);
    return;
  }
  // biome-ignore lint/suspicious/noConsole: a silent skip would look like a pass
  console.warn(`LEFT OUT: "${name}" needs root`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where `.ci/run` puts what it builds. */
const TOOLS = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "git-model-ci");

function programOf(name: string, more: readonly string[] = []): string | null {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), ...more]) {
    const path = join(folder, process.platform === "win32" ? `${name}.exe` : name);
    if (folder !== "" && isExecutable(path)) return path;
  }
  return null;
}
