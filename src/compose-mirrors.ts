import { createHash } from "node:crypto";
import { join } from "node:path";
import { likelyAdapter } from "./adapters/git/open-git.ts";
import {
  type MirrorDirectory,
  type MirrorPlace,
  type ObjectFormat,
  openMirrorDirectory,
} from "./adapters/mirror/mirror-directory.ts";
import { isOvergrown } from "./adapters/mirror/mirror-state.ts";
import type { RegistryUrl } from "./adapters/mirror/registry-url.ts";
import { takeTurns } from "./adapters/mirror/take-turns.ts";
import { openFetchLog } from "./adapters/system/fetch-log.ts";
import { cacheDirectory } from "./adapters/system/process-world.ts";
import { removeTree } from "./adapters/system/remove-tree.ts";
import { contextOf, type World } from "./compose-context.ts";
import { openConnected } from "./compose-network.ts";
import { RegistryError } from "./errors.ts";
import type { Mirror, MirrorKind, Mirrors, RegistryContext } from "./operations/context.ts";

interface OpenMirror extends MirrorPlace {
  readonly context: RegistryContext;
}

/** The mirrors of a registry that was named by a URL; each is opened, or made, at its first use. */
export function openMirrors(url: RegistryUrl, world: World): Mirrors {
  const opened: OpenMirror[] = [];
  const present = new Map<MirrorKind, Promise<OpenMirror>>();
  const open = async (directory: MirrorDirectory, place: MirrorPlace): Promise<OpenMirror> => {
    const context = await openMirror(place.path, { url, world, mirror: mirrorAt(directory, place.path, url) });
    opened.push({ ...place, context });
    return { ...place, context };
  };
  const presentOf = (kind: MirrorKind): Promise<OpenMirror> => {
    const known = present.get(kind) ?? openSound(directoryOf(kind, { url, world }), open);
    present.set(kind, known);
    return known;
  };
  return {
    whole: async () => (await presentOf("whole")).context,
    narrow: async () => (await presentOf("narrow")).context,
    async renew(kind, fill) {
      const directory = directoryOf(kind, { url, world });
      const before = await presentOf(kind);
      const renewed = await takeTurns({ path: before.path, base: directory.base }, async () => {
        const now = await directory.current();
        const isNewer = now.generation > before.generation;
        const place = isNewer ? now : await madeInAnyFormat(directory, { url, world, fill }, before.context);
        return { mirror: await open(directory, place), isFilled: place !== now };
      });
      present.set(kind, Promise.resolve(renewed.mirror));
      if (!renewed.isFilled) await fill(renewed.mirror.context);
      return renewed.mirror.context;
    },
    close: async () => {
      await Promise.all(opened.map(({ context }) => context.close()));
    },
  };
}

/** Opens the mirror; one that Git takes for no repository any more makes room for an empty one. */
async function openSound(
  directory: MirrorDirectory,
  open: (directory: MirrorDirectory, place: MirrorPlace) => Promise<OpenMirror>,
): Promise<OpenMirror> {
  const place = await directory.current();
  try {
    return await open(directory, place);
  } catch (error) {
    if (!(error instanceof RegistryError) || !BROKEN.has(error.code)) throw error;
    const other = await takeTurns({ path: place.path, base: directory.base }, async () => {
      const now = await directory.current();
      return now.generation > place.generation ? now : directory.adopt(await directory.prepare());
    });
    return open(directory, other);
  }
}

const BROKEN: ReadonlySet<string> = new Set(["not-a-registry", "git-failed"]);

interface Making {
  readonly url: RegistryUrl;
  readonly world: World;
  readonly fill: (context: RegistryContext) => Promise<void>;
}

/** As the mirror before it, or in the other object format, which only the first fetch can tell. */
async function madeInAnyFormat(
  directory: MirrorDirectory,
  making: Making,
  before: RegistryContext,
): Promise<MirrorPlace> {
  const { objectFormat } = before.git.location;
  try {
    return await madeAnew(directory, making, objectFormat);
  } catch (error) {
    const isOther = error instanceof RegistryError && error.code === "repository-unsupported";
    if (!isOther || before.git.adapter === "embedded") throw error;
    return madeAnew(directory, making, objectFormat === "sha1" ? "sha256" : "sha1");
  }
}

/** Fetches into an empty mirror that nobody else knows, and puts it in the place of the present one. */
async function madeAnew(
  directory: MirrorDirectory,
  { url, world, fill }: Making,
  objectFormat: ObjectFormat,
): Promise<MirrorPlace> {
  const path = await directory.prepare(objectFormat);
  try {
    const mirror: Mirror = { ...mirrorAt(directory, path, url), alone: (work) => work({ waited: false }) };
    const context = await openMirror(path, { url, world, mirror });
    try {
      await fill(context);
    } finally {
      await context.close();
    }
    return await directory.adopt(path);
  } catch (error) {
    await removeTree(path).catch(() => undefined);
    throw error;
  }
}

async function openMirror(
  path: string,
  { url, world, mirror }: { readonly url: RegistryUrl; readonly world: World; readonly mirror: Mirror },
): Promise<RegistryContext> {
  const connected = await openConnected(path, { environment: world.environment, url: url.withLogin });
  // A damaged one is looked for further up, and the cache may lie in a repository of the user's.
  if (connected.git.location.gitDir !== path) {
    await connected.close();
    throw new RegistryError("not-a-registry", `${path} is no Git repository any more`);
  }
  return contextOf(connected, world, mirror);
}

function mirrorAt(directory: MirrorDirectory, path: string, { address }: RegistryUrl): Mirror {
  return {
    address,
    alone: (work) => takeTurns({ path, base: directory.base }, work),
    logOf: (topic) => openFetchLog(join(path, "git-model", "logs", createHash("sha256").update(topic).digest("hex"))),
    isOvergrown: () => isOvergrown(path),
  };
}

function directoryOf(
  kind: MirrorKind,
  { url, world }: { readonly url: RegistryUrl; readonly world: World },
): MirrorDirectory {
  const { environment } = world;
  const name = kind === "whole" ? kind : (`narrow-${likelyAdapter(environment)}` as const);
  return openMirrorDirectory({ cache: cacheDirectory(environment), address: url.address, name });
}
