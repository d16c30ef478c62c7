import type { GitCommand } from "./git-command.ts";
import { gitFailure } from "./git-failure.ts";

/** Sets a key in the repository's own configuration; throws as `gitFailure` says. */
export async function setConfig(git: GitCommand, key: string, value: string): Promise<void> {
  const doing = `set ${key}`;
  const result = await git.run(["config", "--local", "--replace-all", "--end-of-options", key, value], {
    doing,
    exits: [0, 4, 255],
  });
  if (result.exitCode !== 0) throw gitFailure(doing, result);
  git.configChanged();
}
