import { join } from "node:path";
import type { ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { RepositoryLocation } from "../../../ports/git-store.ts";
import { lastValue, readConfigFile } from "./config-files.ts";
import { ObjectDatabase } from "./object-database.ts";
import { RefDatabase } from "./ref-database.ts";
import { readShallow } from "./shallow-file.ts";

/** One repository on this machine, ours or a remote that is a directory: its format is checked, its parts are open. */
export interface EmbeddedRepository {
  readonly location: RepositoryLocation;
  readonly objects: ObjectDatabase;
  readonly refs: RefDatabase;
  /** Commits whose parents a shallow clone lacks. */
  edge(): Promise<ReadonlySet<ObjectId>>;
  /** Throws `git-required` where what we write would lock others out. */
  requireWritable(): Promise<void>;
  close(): void;
}

export function openRepository(location: RepositoryLocation): EmbeddedRepository {
  const objects = new ObjectDatabase(join(location.gitDir, "objects"));
  const refs = new RefDatabase(location.gitDir, (id) => objects.peel(id));
  return {
    location,
    objects,
    refs,
    edge: () => readShallow(location.gitDir),
    requireWritable: () => requireWritable(location.gitDir),
    close: () => objects.close(),
  };
}

/** Files that a group has to be able to replace need permissions that only git sets. */
async function requireWritable(gitDir: string): Promise<void> {
  const shared = lastValue(await readConfigFile(join(gitDir, "config")), "core.sharedRepository") ?? "umask";
  if (/^(umask|false|no|off|0)$/i.test(shared)) return;
  throw new RegistryError("git-required", `the repository ${gitDir} is shared by a group (core.sharedRepository)`, {
    hint: "install git and set GIT_MODEL_GIT=native",
  });
}
