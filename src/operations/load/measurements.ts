import { readEvaluation } from "../../documents/evaluation.ts";
import { type Finding, finding } from "../../domain/finding.ts";
import type { Measurement } from "../../domain/metric/measurement.ts";
import { EVALUATION_LIMIT, parseEvaluationPath } from "../../domain/model/evaluation.ts";
import type { Manifest } from "../../domain/model/manifest.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import type { Version } from "../../domain/model/version.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { JudgedSide } from "../../domain/policy/evaluate-gates.ts";
import { isoSeconds } from "../../domain/promotion/judge-needs.ts";
import type { GitStore, TreeEntry, WalkedCommit } from "../../ports/git-store.ts";
import type { RegistryContext } from "../context.ts";
import type { VersionEntry } from "./catalog.ts";
import { evaluationRef } from "./ref-names.ts";
import { readTree } from "./trees.ts";
import { readDetails, type VersionDetails } from "./version-details.ts";

/** A version's measurements and what was wrong with some of them. */
export interface LoadedMeasurements {
  /** Newest first; the manifest's numbers last. */
  readonly measurements: readonly Measurement[];
  readonly findings: readonly Finding[];
}

/** All measurements of a version: its evaluations, newest first (DETAILS 8), then its manifest. */
export async function loadMeasurements(context: RegistryContext, version: VersionDetails): Promise<LoadedMeasurements> {
  const manifest = manifestMeasurement(version);
  const tip = await context.git.readRef(evaluationRef(context, version.model));
  if (tip === null) return { measurements: [manifest], findings: [] };
  const commits = await context.git.firstParents(tip, { path: `v${version.version}` });
  const files = (await Promise.all(commits.map((commit) => addedFiles(context.git, commit)))).flat();
  const added = files.filter(({ path }, index) => files.findIndex((one) => one.path === path) === index);
  const read = await readEvaluations(context.git, added, version);
  return { measurements: [...read.measurements, manifest], findings: read.findings };
}

/** A version with all that gates look at. */
export async function judgedSide(
  context: RegistryContext,
  entry: VersionEntry,
): Promise<JudgedSide & { readonly details: VersionDetails; readonly findings: readonly Finding[] }> {
  const details = await readDetails(context.git, entry);
  const { measurements, findings } = await loadMeasurements(context, details);
  return { model: entry.model, version: entry.version, manifest: details.manifest, measurements, details, findings };
}

/** The numbers of the manifest as a measurement. */
export function manifestMeasurement(version: VersionDetails): Measurement {
  const { manifest, tagObject, commitObject } = version;
  return {
    kind: "offline",
    from: "manifest",
    at: isoSeconds((tagObject.tagger ?? commitObject.committer).seconds * 1000),
    by: commitObject.author.name,
    ...numbersOf(manifest),
  };
}

function numbersOf(manifest: Pick<Manifest, "evaluation" | "metrics" | "slices">) {
  return { evaluation: manifest.evaluation ?? null, metrics: manifest.metrics, slices: manifest.slices };
}

interface AddedFile {
  readonly path: string;
  readonly id: ObjectId;
  readonly commit: WalkedCommit;
}

/** Files that a commit adds to the version's folder; of several the greater name first. */
async function addedFiles(git: GitStore, commit: WalkedCommit): Promise<readonly AddedFile[]> {
  if (commit.after === null) return [];
  const [before, after] = await Promise.all([
    commit.before === null ? Promise.resolve<readonly TreeEntry[]>([]) : readTree(git, commit.before),
    readTree(git, commit.after),
  ]);
  const known = new Set(before.map(({ name }) => name));
  return after
    .filter(({ name, mode }) => mode === "100644" && !known.has(name))
    .toSorted((a, b) => (a.name < b.name ? 1 : -1))
    .map(({ name, id }) => ({ path: name, id, commit }));
}

async function readEvaluations(
  git: GitStore,
  files: readonly AddedFile[],
  version: { readonly model: ModelName; readonly version: Version; readonly tree: ObjectId },
): Promise<LoadedMeasurements> {
  const objects = await git.readObjects(
    files.map(({ id }) => id),
    { limit: EVALUATION_LIMIT },
  );
  const measurements: Measurement[] = [];
  const findings: Finding[] = [];
  for (const [index, file] of files.entries()) {
    const path = `v${version.version}/${file.path}`;
    const object = objects[index];
    const read = object?.kind === "blob" ? readEvaluation(object.bytes, { file: path }) : null;
    if (parseEvaluationPath(path) === null || read === null) continue;
    if (!read.ok) {
      findings.push(
        finding("evaluation-invalid", `${path} is not a valid evaluation`, { severity: "warning", file: path }),
      );
    } else if (!isOf(read.evaluation, version)) {
      findings.push(foreign(path, version));
    } else {
      const { committer, author } = file.commit;
      const at = read.evaluation.measuredAt ?? isoSeconds(committer.seconds * 1000);
      measurements.push({ kind: read.evaluation.kind, from: path, at, by: author.name, ...numbersOf(read.evaluation) });
    }
  }
  return { measurements, findings };
}

function isOf(
  evaluation: { readonly model: string; readonly version: string; readonly tree: string },
  version: { readonly model: string; readonly version: string; readonly tree: string },
): boolean {
  return (
    evaluation.model === version.model && evaluation.version === version.version && evaluation.tree === version.tree
  );
}

function foreign(path: string, version: { readonly model: ModelName; readonly version: Version }): Finding {
  return finding(
    "evaluation-foreign",
    `${path} measures another tree than ${formatVersionId(version)}, so it does not count`,
    {
      file: path,
    },
  );
}
