import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isObjectId, type ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { NewTag, RepositoryLocation } from "../../../ports/git-store.ts";
import { diskError } from "../../system/disk-error.ts";
import type { GitCommand } from "./git-command.ts";

export interface Signing {
  readonly git: GitCommand;
  readonly location: RepositoryLocation;
  /** The repository's own keys about signing, `key=value`: the scratch repository has none. */
  readonly config: readonly string[];
}

/**
 * Lets `git tag -s` sign, in a scratch repository that shares the object directory: gpg, ssh and x509 work as
 * configured, and the ref that git insists on making appears only there.
 */
export async function signTag({ git, location, config }: Signing, tag: NewTag): Promise<ObjectId> {
  const scratch = await mkdtemp(join(tmpdir(), "git-model-sign-"));
  try {
    await makeScratch(scratch, location.objectFormat);
    await git.run(
      ["tag", "-s", "--no-column", "--cleanup=verbatim", "-F", "-", "--end-of-options", tag.name, tag.target],
      {
        doing: `sign the tag ${tag.name}`,
        input: tag.message,
        config,
        env: {
          GIT_DIR: scratch,
          GIT_WORK_TREE: scratch,
          GIT_OBJECT_DIRECTORY: join(location.commonDir, "objects"),
          GIT_COMMITTER_NAME: tag.tagger.name,
          GIT_COMMITTER_EMAIL: tag.tagger.email,
          GIT_COMMITTER_DATE: `@${tag.tagger.seconds} ${tag.tagger.zone}`,
        },
      },
    );
    const id = (await readFile(join(scratch, "refs", "tags", ...tag.name.split("/")), "latin1")).trim();
    if (isObjectId(id)) return id;
    throw new RegistryError("git-failed", `Git did not say which object the tag ${tag.name} is.`);
  } catch (error) {
    throw diskError("write", scratch, error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function makeScratch(scratch: string, format: RepositoryLocation["objectFormat"]): Promise<void> {
  await mkdir(join(scratch, "refs"));
  await writeFile(join(scratch, "HEAD"), "ref: refs/heads/scratch\n");
  const extensions = format === "sha256" ? "[extensions]\n\tobjectFormat = sha256\n" : "";
  const version = format === "sha256" ? 1 : 0;
  await writeFile(
    join(scratch, "config"),
    `[core]\n\trepositoryFormatVersion = ${version}\n\tbare = true\n${extensions}`,
  );
}
