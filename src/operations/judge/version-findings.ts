import type { Artifact } from "../../domain/artifact/artifact.ts";
import { type Finding, finding } from "../../domain/finding.ts";
import { findNameConflict, type ModelName } from "../../domain/model/model-name.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import type { RegistryContext } from "../context.ts";
import type { Catalog } from "../load/catalog.ts";
import type { VersionDetails } from "../load/version-details.ts";
import { checkVersionTree } from "./check-version-tree.ts";

/**
 * What keeps a version off every stage, whatever the gates say: `version-unregistered` (a draft), `yanked`,
 * `manifest-mismatch`, `artifact-missing`. Whoever promotes and whoever reviews asks this; nothing is downloaded.
 */
export async function versionFindings(context: RegistryContext, version: VersionDetails): Promise<readonly Finding[]> {
  const ref = `refs/tags/${version.tag}`;
  const name = formatVersionId(version);
  const found: Finding[] = [];
  if (version.draft) {
    found.push(
      finding("version-unregistered", `${name} is a draft: nobody else has it yet`, { ref, hint: "git model push" }),
    );
  }
  if (version.yankId !== null) {
    found.push(finding("yanked", `${name} is yanked`, { ref, hint: `git model show ${name}` }));
  }
  found.push(...(await checkVersionTree(context.git, version)));
  // A draft's bytes are not there yet either, which would only be said twice.
  return version.draft ? found : [...found, ...(await missingArtifacts(context, version.manifest.artifacts, name))];
}

/** `name-conflict`: with another model a stage could hold one of the two only. */
export function nameFindings(model: ModelName, catalog: Catalog): readonly Finding[] {
  const conflict = findNameConflict(model, catalog.models.keys());
  return conflict === null ? [] : [finding("name-conflict", conflict.message)];
}

async function missingArtifacts(
  context: RegistryContext,
  artifacts: readonly Artifact[],
  name: string,
): Promise<readonly Finding[]> {
  const stored = artifacts.filter(({ size }) => size > 0);
  const missing =
    context.remote === null
      ? await missingHere(context, stored)
      : new Set((await context.remote.artifacts.missing(stored)).map(({ sha256 }) => sha256 as string));
  return stored
    .filter(({ sha256 }) => missing.has(sha256))
    .map(({ path }) =>
      finding("artifact-missing", `the bytes of ${path} of ${name} are not in the artifact store`, {
        file: path,
        hint: "git model push",
      }),
    );
}

async function missingHere(context: RegistryContext, artifacts: readonly Artifact[]): Promise<ReadonlySet<string>> {
  const states = await Promise.all(artifacts.map((pointer) => context.store.check(pointer)));
  return new Set(artifacts.filter((_, index) => states[index] !== "present").map(({ sha256 }) => sha256));
}
