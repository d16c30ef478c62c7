import { realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { parseCacheLimit } from "./adapters/cache/cache-limit.ts";
import { openModelCache } from "./adapters/cache/model-cache.ts";
import { openGit } from "./adapters/git/open-git.ts";
import { openLocalStore } from "./adapters/lfs/local-store.ts";
import { artifactRemoteFor } from "./adapters/lfs/remote-for-url.ts";
import { systemClock } from "./adapters/system/clock.ts";
import { openFetchLog } from "./adapters/system/fetch-log.ts";
import {
  cacheDirectory,
  ciRunUrl,
  currentDirectory,
  type Environment,
  inventedIdentity,
  processEnvironment,
} from "./adapters/system/process-world.ts";
import { silentReporter } from "./adapters/system/silent-reporter.ts";
import { openSourceFiles } from "./adapters/system/source-files.ts";
import { type Connected, chooseRemote } from "./compose-network.ts";
import { stripUserinfo } from "./documents/strip-userinfo.ts";
import type { Identity, Mirror, RegistryContext, RegistryRemote } from "./operations/context.ts";
import type { RegistryOptions } from "./operations/registry.ts";
import type { ArtifactStore } from "./ports/artifact-store.ts";
import type { GitStore, HeadDescription } from "./ports/git-store.ts";

/** What surrounds a registry: where the caller stands, the environment, the options. */
export interface World {
  readonly directory: string;
  readonly environment: Environment;
  readonly options: RegistryOptions;
}

export function worldOf(options: RegistryOptions): World {
  const environment = options.environment ?? processEnvironment();
  return { directory: resolve(options.directory ?? currentDirectory()), environment, options };
}

/** The context of a repository that is open: what every operation is given. Of a mirror, the cache is its LFS storage. */
export async function contextOf(
  connected: Connected,
  world: World,
  mirror: Mirror | null = null,
): Promise<RegistryContext> {
  const { environment, directory, options } = world;
  const { git } = connected;
  const { commonDir } = git.location;
  const cache = cacheDirectory(environment);
  const configured = mirror === null ? await git.config("lfs.storage") : cache;
  const storage = configured === null || isAbsolute(configured) ? configured : join(commonDir, configured);
  const store = openLocalStore({ commonDir, ...(storage === null ? {} : { storage }) });
  return {
    git,
    store,
    cache: openModelCache({
      directory: cache,
      limit: async () => parseCacheLimit(await git.config("git-model.cacheSize")),
    }),
    remote: await remoteOf(connected, { store, environment, mirror }),
    files: openSourceFiles(directory),
    fetchLog: openFetchLog(commonDir),
    clock: systemClock,
    reporter: options.reporter ?? silentReporter,
    identify: () => identify(git, environment),
    describeSource: () => describeSource(git, world),
    resolvePath: (path) => resolve(directory, path),
    runUrl: ciRunUrl(environment),
    mirror,
    memory: { policy: null },
    close: () => connected.close(),
  };
}

async function remoteOf(
  { git, http }: Connected,
  how: { readonly store: ArtifactStore; readonly environment: Environment; readonly mirror: Mirror | null },
): Promise<RegistryRemote | null> {
  const { store, environment, mirror } = how;
  const chosen = await chooseRemote(git, { isMirror: mirror !== null });
  if (chosen === null) return null;
  const artifacts = artifactRemoteFor({
    remoteName: chosen.name,
    url: chosen.url,
    base: git.location.workTree ?? dirname(git.location.gitDir),
    store,
    environment,
    config: () => git.configEntries(),
    http,
  });
  return { name: chosen.name, url: stripUserinfo(chosen.url), artifacts };
}

/** Git's own identity: environment, then configuration, else an invented one (DETAILS 5). */
async function identify(git: GitStore, environment: Environment): Promise<Identity> {
  const name =
    nonEmpty(environment.GIT_AUTHOR_NAME ?? environment.GIT_COMMITTER_NAME) ?? (await git.config("user.name"));
  const email =
    nonEmpty(environment.GIT_AUTHOR_EMAIL ?? environment.GIT_COMMITTER_EMAIL) ?? (await git.config("user.email"));
  const known = { name: withoutCrud(name), email: withoutCrud(email) };
  if (known.name !== null && known.email !== null) return { name: known.name, email: known.email, invented: false };
  const invented = inventedIdentity(environment);
  const somebody = { name: withoutCrud(invented.name), email: withoutCrud(invented.email) };
  return {
    name: known.name ?? somebody.name ?? "unknown",
    email: known.email ?? somebody.email ?? "unknown@localhost",
    invented: true,
  };
}

/** As git does it: what cannot stand in a commit's header is dropped, so that no name stops a registration. */
function withoutCrud(text: string | null): string | null {
  const kept = text?.replace(/[\p{Cc}<>]/gu, "").trim();
  return nonEmpty(kept);
}

/** The repository around the caller, unless that is the registry itself. */
async function describeSource(registry: GitStore, world: World): Promise<HeadDescription | null> {
  const source = await openGit(world.directory, world.environment).catch(() => null);
  if (source === null) return null;
  try {
    const [here, there] = await Promise.all([
      realpath(source.location.commonDir),
      realpath(registry.location.commonDir),
    ]);
    return here === there ? null : await source.describeHead();
  } catch {
    return null;
  } finally {
    await source.close();
  }
}

export function nonEmpty(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}
