import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { RegistryError } from "../../../errors.ts";
import { copyReachable } from "./copy-objects.ts";
import { type EmbeddedRepository, openRepository } from "./embedded-repository.ts";
import { pushRefs } from "./push-refs.ts";
import { type EmbeddedRemote, matches } from "./remote.ts";
import { repositoryIn } from "./repository-location.ts";

/**
 * A remote that is a directory: a second repository opened at that path (DETAILS 16a). Everything that is asked for comes
 * whole, whatever depth and filter say. Throws `git-failed` where there is no repository, `repository-unsupported`.
 */
export async function openDirectoryRemote(
  local: EmbeddedRepository,
  call: { readonly name: string; readonly url: string; readonly base: string },
): Promise<EmbeddedRemote> {
  const there = await openThere(call);
  return {
    async list(patterns) {
      const refs = await there.refs.list();
      const head = await there.refs.readSymbolic("HEAD");
      const known = refs.some(({ name }) => name === head && name.startsWith("refs/heads/"));
      return {
        head: known && head !== null ? head.slice("refs/heads/".length) : null,
        refs: patterns === undefined ? refs : refs.filter(({ name }) => patterns.some((each) => matches(name, each))),
      };
    },
    values: () => there.refs.values(),
    bring: ({ ids }) => copyReachable(there, local, ids),
    async bringObjects(ids) {
      const absent = ids.find((id) => there.objects.header(id) === null);
      if (absent !== undefined)
        throw new RegistryError("not-found", `the remote ${call.name} lacks the object ${absent}`);
      await copyReachable(there, local, ids);
    },
    push: (updates, { atomic }) => pushRefs({ local, remote: there, updates, atomic }),
    close: () => there.close(),
  };
}

async function openThere({
  name,
  url,
  base,
}: {
  name: string;
  url: string;
  base: string;
}): Promise<EmbeddedRepository> {
  const path = pathOf(url, base);
  const found = (await repositoryIn(path)) ?? (await repositoryIn(`${path}.git`));
  if (found !== null) return openRepository(found);
  throw new RegistryError("git-failed", `the remote ${name} is the directory ${path}, which holds no Git repository`, {
    hint: "git remote -v shows where the remotes are",
  });
}

function pathOf(url: string, base: string): string {
  if (!/^file:\/\//i.test(url)) return resolve(base, url);
  try {
    return fileURLToPath(new URL(url));
  } catch (cause) {
    throw new RegistryError("git-failed", `${url} is no usable file URL`, { cause });
  }
}
