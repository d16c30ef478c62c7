import type { Artifact } from "../../domain/artifact/artifact.ts";
import type { Pointer } from "../../domain/artifact/pointer.ts";
import { MANIFEST_LIMIT } from "../../domain/model/manifest.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import { RegistryError } from "../../errors.ts";
import type { LaidOutFile, LayOutOptions, Materialisation, ObjectSource } from "../../ports/model-cache.ts";
import type { Progress } from "../../ports/reporter.ts";
import { answerVersion } from "../answer-parts.ts";
import type { PulledModel } from "../answers.ts";
import type { RegistryContext } from "../context.ts";
import { checkVersionTree } from "../judge/check-version-tree.ts";
import { resolveReference } from "../load/resolve-reference.ts";
import {
  CARD_FILE,
  CARD_LIMIT,
  MANIFEST_FILE,
  readDetails,
  readFile,
  type VersionDetails,
} from "../load/version-details.ts";

/** Where the files of a version go. */
export type Target =
  | { readonly kind: "cache" }
  | { readonly kind: "directory"; readonly path: string; readonly within: string; readonly force: boolean }
  | { readonly kind: "link"; readonly path: string };

export interface LayOutQuestion {
  readonly reference: string;
  readonly target: Target;
  readonly role: string | null;
  readonly verify: boolean;
  /** Nothing is fetched from the remote. */
  readonly offline: boolean;
}

/** Resolves a reference and lays its files out, verified against manifest and pointers on every path. */
export async function layOut(
  context: RegistryContext,
  question: LayOutQuestion,
): Promise<Omit<PulledModel, "requested" | "used" | "fallback">> {
  const { entry } = await resolveReference(context, question.reference);
  const details = await readDetails(context.git, entry);
  await requireSound(context, details);
  const version = await materialisationOf(context, details, question.role);
  const total = version.artifacts.reduce((sum, { size }) => sum + size, 0);
  const progress = context.reporter.progress(`pulling ${formatVersionId(entry)}`, total);
  try {
    const laid = await place(context, { question, version, details, progress });
    return { ...answerVersion(details), path: laid.path, changed: laid.changed, files: laid.files.map(answerFile) };
  } finally {
    progress.done();
  }
}

async function place(
  context: RegistryContext,
  one: {
    readonly question: LayOutQuestion;
    readonly version: Materialisation;
    readonly details: VersionDetails;
    readonly progress: Progress;
  },
): Promise<{ readonly path: string; readonly changed: boolean; readonly files: readonly LaidOutFile[] }> {
  const { target, verify, offline } = one.question;
  const options: LayOutOptions = { verify, onBytes: (bytes) => one.progress.advance(bytes) };
  const source = objectSource(context, { details: one.details, offline, progress: one.progress });
  if (target.kind === "directory") {
    const { files } = await context.cache.copyOut(one.version, context.resolvePath(target.path), source, {
      ...options,
      force: target.force,
      within: context.resolvePath(target.within),
    });
    return { path: target.path, changed: true, files };
  }
  const { path, files } = await context.cache.materialise(one.version, source, options);
  if (target.kind === "cache") return { path, changed: false, files };
  const { changed } = await context.cache.link(path, context.resolvePath(target.path));
  return { path: target.path, changed, files };
}

/** Manifest and pointers must agree before a byte is handed out. */
async function requireSound(context: RegistryContext, details: VersionDetails): Promise<void> {
  const findings = await checkVersionTree(context.git, details);
  if (findings.length === 0) return;
  throw new RegistryError("digest-mismatch", `the manifest and the pointers of ${formatVersionId(details)} disagree`, {
    findings,
    hint: "git model doctor",
  });
}

async function materialisationOf(
  context: RegistryContext,
  details: VersionDetails,
  role: string | null,
): Promise<Materialisation> {
  const { artifacts } = details.manifest;
  const roles = [...new Set(artifacts.map((one) => one.role))];
  if (role !== null && !roles.includes(role)) {
    throw new RegistryError("not-found", `${formatVersionId(details)} has no artifact of the role ${role}`, {
      hint: `its roles are ${roles.join(", ")}`,
    });
  }
  const [manifest, card] = await Promise.all([
    readFile(context.git, details, { name: MANIFEST_FILE, limit: MANIFEST_LIMIT }),
    readFile(context.git, details, { name: CARD_FILE, limit: CARD_LIMIT }),
  ]);
  const chosen = artifacts.filter((one) => role === null || one.role === role);
  return { tree: details.tree, artifacts: chosen, manifest: manifest ?? new Uint8Array(), card, role };
}

/** The repository's own store first, then the remote's, which fills the cache; a damaged object is quarantined and fetched again. */
function objectSource(
  context: RegistryContext,
  { details, offline, progress }: { details: VersionDetails; offline: boolean; progress: Progress },
): ObjectSource {
  return {
    locate: async (pointer) =>
      (await context.store.check(pointer)) === "present" ? context.store.pathOf(pointer.sha256) : null,
    fetch: async (pointers, sink) => {
      if (context.remote === null || offline) throw missing(details, pointers, offline && context.remote !== null);
      await context.remote.artifacts.download(pointers, sink, (bytes) => progress.advance(bytes));
    },
    reportCorrupt: (pointer) => context.store.quarantine(pointer),
  };
}

function missing(details: VersionDetails, pointers: readonly Pointer[], couldFetch: boolean): RegistryError {
  const wanted = new Set(pointers.map(({ sha256 }) => sha256));
  const paths = details.manifest.artifacts.filter(({ sha256 }) => wanted.has(sha256)).map(({ path }) => path);
  return new RegistryError(
    "lfs-missing",
    `the bytes of ${paths.join(", ")} of ${formatVersionId(details)} are not here`,
    {
      hint: couldFetch ? "the same command without --offline" : "git model doctor",
    },
  );
}

function answerFile({ artifact, origin }: LaidOutFile): PulledModel["files"][number] {
  const { path, role, sha256, size }: Artifact = artifact;
  return { path, role, sha256, size, source: origin };
}
