import { lstat, mkdir, realpath, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RegistryError } from "../../../errors.ts";
import { diskError, errnoOf } from "../../system/disk-error.ts";
import { makeDirectory, syncDirectory, temporaryName } from "../../system/durable-directory.ts";
import { isRefName } from "../ref-name.ts";

const CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n";
const FOLDERS = ["hooks", "info", "objects/info", "objects/pack", "refs/heads", "refs/tags"] as const;

/**
 * Makes an empty repository with a working tree, whose HEAD names the branch; one that is there is left alone. Made
 * beside and renamed, so that a kill leaves no half of one. Throws `name-invalid`, `disk`.
 */
export async function initEmbeddedRepository(directory: string, options: { readonly branch: string }): Promise<void> {
  const head = `refs/heads/${options.branch}`;
  if (!isRefName(head) || options.branch.startsWith("-")) {
    throw new RegistryError("name-invalid", `${JSON.stringify(options.branch)} is no valid name of a branch`);
  }
  await makeDirectory(directory, true);
  const top = await realpath(directory);
  const gitDir = join(top, ".git");
  if ((await lstat(gitDir).catch(() => null)) !== null) return;
  const temporary = join(top, `.git-${temporaryName()}`);
  try {
    for (const folder of FOLDERS) await mkdir(join(temporary, folder), { recursive: true });
    await writeFile(join(temporary, "config"), CONFIG, { flush: true });
    await writeFile(join(temporary, "info/exclude"), "");
    await writeFile(join(temporary, "HEAD"), `ref: ${head}\n`, { flush: true });
    await syncDirectory(temporary);
    await rename(temporary, gitDir);
    await syncDirectory(top);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    // Another process made it in this moment.
    if (["ENOTEMPTY", "EEXIST"].includes(errnoOf(error) ?? "")) return;
    throw diskError("write", gitDir, error);
  }
}
