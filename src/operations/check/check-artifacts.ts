import type { Artifact } from "../../domain/artifact/artifact.ts";
import type { Pointer } from "../../domain/artifact/pointer.ts";
import { type Finding, finding } from "../../domain/finding.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import { RegistryError } from "../../errors.ts";
import type { ObjectState } from "../../ports/artifact-store.ts";
import { inParallel } from "../apply/in-parallel.ts";
import type { RegistryContext } from "../context.ts";
import { tagRef } from "../load/ref-names.ts";
import type { VersionDetails } from "../load/version-details.ts";
import { detailedVersions, type Survey } from "./survey.ts";

export interface CheckedArtifacts {
  readonly findings: readonly Finding[];
  readonly fixed: readonly string[];
}

/** An object and one version that needs it; of several the one that is in use. */
interface NeededObject {
  readonly artifact: Artifact;
  readonly version: VersionDetails;
}

const AT_ONCE = 8;

/**
 * Hashes every object of the versions that is here (`artifact-corrupt`) and asks where the others are
 * (`artifact-missing`): at the remote, which must have all published ones, or here where there is no remote. The bytes
 * of a yanked version may be gone on purpose: a warning. `published`: tags that the remote has, drafts here or not.
 * `fix` fetches corrupt objects again where the remote has them.
 */
export async function checkArtifacts(
  context: RegistryContext,
  survey: Survey,
  { fix, published }: { readonly fix: boolean; readonly published: ReadonlySet<string> },
): Promise<CheckedArtifacts> {
  const versions = detailedVersions(survey).map((one) => ({ ...one, draft: one.draft && !published.has(one.tag) }));
  const needed = neededObjects(versions);
  const states = await hashObjects(context, needed);
  const lacking = await lackingAtRemote(context, needed);
  const findings: Finding[] = lacking instanceof RegistryError ? [unanswered(context, lacking)] : [];
  const gone = lacking instanceof RegistryError ? new Set<string>() : lacking;
  const fixed: string[] = [];
  for (const [index, one] of needed.entries()) {
    const state = states[index] ?? "missing";
    const atRemote = context.remote !== null && !one.version.draft && !gone.has(one.artifact.sha256);
    if (state === "corrupt") {
      const mended = fix && atRemote && (await fetchAgain(context, one.artifact));
      if (mended) fixed.push(`fetched ${nameOf(one)} again; the damaged copy is in lfs/bad`);
      else findings.push(corrupt(one, { atRemote, tried: fix }));
    } else if (state === "missing" && !atRemote) findings.push(missing(context, one));
    else if (gone.has(one.artifact.sha256) && !one.version.draft) findings.push(unsent(context, one));
  }
  return { findings, fixed };
}

function neededObjects(versions: readonly VersionDetails[]): readonly NeededObject[] {
  const needed = new Map<string, NeededObject>();
  for (const version of versions) {
    for (const artifact of version.manifest.artifacts) {
      const key = `${artifact.sha256} ${artifact.size}`;
      const known = needed.get(key);
      if (known === undefined || urgency(version) > urgency(known.version)) needed.set(key, { artifact, version });
    }
  }
  return [...needed.values()];
}

function urgency({ draft, yankId }: VersionDetails): number {
  if (draft) return 1;
  return yankId === null ? 2 : 0;
}

async function hashObjects(context: RegistryContext, needed: readonly NeededObject[]): Promise<readonly ObjectState[]> {
  const total = needed.reduce((sum, { artifact }) => sum + artifact.size, 0);
  const progress = context.reporter.progress("checking artifacts", total);
  try {
    return await inParallel(needed, AT_ONCE, async ({ artifact }) => {
      const state = await context.store.check(artifact, { hash: true });
      progress.advance(artifact.size);
      return state;
    });
  } finally {
    progress.done();
  }
}

/** Digests that the remote lacks; the error where it cannot say. */
async function lackingAtRemote(
  { remote }: RegistryContext,
  needed: readonly NeededObject[],
): Promise<ReadonlySet<string> | RegistryError> {
  if (remote === null) return new Set();
  const published: readonly Pointer[] = needed.flatMap(({ artifact, version }) =>
    version.draft ? [] : [{ sha256: artifact.sha256, size: artifact.size }],
  );
  if (published.length === 0) return new Set();
  try {
    return new Set((await remote.artifacts.missing(published)).map(({ sha256 }) => sha256));
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
}

/** True iff the object is sound afterwards. */
async function fetchAgain({ store, remote }: RegistryContext, { sha256, size }: Artifact): Promise<boolean> {
  const pointer = { sha256, size };
  await store.quarantine(pointer);
  try {
    await remote?.artifacts.download([pointer], store);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
  }
  return (await store.check(pointer, { hash: true })) === "present";
}

function nameOf({ artifact, version }: NeededObject): string {
  return `${artifact.path} of ${formatVersionId(version)}`;
}

function place({ artifact, version }: NeededObject): Pick<Finding, "ref" | "file"> {
  return { ref: tagRef(version.tag), file: `artifacts/${artifact.path}` };
}

function corrupt(one: NeededObject, how: { readonly atRemote: boolean; readonly tried: boolean }): Finding {
  const again = `register the same bytes of ${one.artifact.path} again`;
  const hint = how.atRemote && !how.tried ? "git model doctor --fix" : again;
  const rest = how.atRemote && how.tried ? ", and the remote has no sound copy" : "";
  const message = `the bytes of ${nameOf(one)} are damaged here: object ${one.artifact.sha256}${rest}`;
  return finding("artifact-corrupt", message, { ...place(one), hint });
}

function missing({ remote }: RegistryContext, one: NeededObject): Finding {
  const where = remote === null ? "here" : `here or at ${remote.name}`;
  return finding("artifact-missing", `the bytes of ${nameOf(one)} are not ${where}: object ${one.artifact.sha256}`, {
    ...place(one),
    severity: severityOf(one),
    hint: "git model push from a clone that has them, or register the same files again",
  });
}

function unsent({ remote }: RegistryContext, one: NeededObject): Finding {
  const message = `the bytes of ${nameOf(one)} are not at ${remote?.name ?? "the remote"}: object ${one.artifact.sha256}`;
  return finding("artifact-missing", message, { ...place(one), severity: severityOf(one), hint: "git model push" });
}

function severityOf({ version }: NeededObject): Finding["severity"] {
  return version.yankId === null ? "error" : "warning";
}

function unanswered({ remote }: RegistryContext, error: RegistryError): Finding {
  const name = remote?.name ?? "the remote";
  return finding("stale", `${name} cannot say which artifacts it has: ${error.message}`, {
    severity: "warning",
    hint: error.hint,
  });
}
