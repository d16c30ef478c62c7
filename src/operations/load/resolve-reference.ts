import { finding } from "../../domain/finding.ts";
import { type ModelName, parseModelName } from "../../domain/model/model-name.ts";
import { parseReference, type Reference } from "../../domain/model/reference.ts";
import { isPrerelease, satisfiesRange, type Version } from "../../domain/model/version.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import { parseStageName, type StageName } from "../../domain/policy/stage.ts";
import { heldVersion, type Ledger, previousVersion } from "../../domain/stage/ledger.ts";
import { RegistryError } from "../../errors.ts";
import type { RegistryContext } from "../context.ts";
import { pickBest } from "../pick-best.ts";
import { type Catalog, latestOf, loadCatalog, type VersionEntry, versionsOf } from "./catalog.ts";
import { policyOrWarn } from "./load-policy.ts";
import { loadLedger, loadStage, loadStages } from "./stages.ts";

/** What a reference came to. */
export interface Resolved {
  readonly reference: Reference;
  readonly entry: VersionEntry;
  /** The stage that the reference named, or null. */
  readonly stage: StageName | null;
}

/** Reads a REF or throws `reference-invalid`, with the nearest allowed spelling as its hint. */
export function requireReference(text: string): Reference {
  const parsed = parseReference(text);
  if (parsed.ok) return parsed.value;
  throw new RegistryError("reference-invalid", parsed.message, parsed.hint === null ? {} : { hint: parsed.hint });
}

/** Reads a model name or throws `name-invalid`. */
export function requireModelName(text: string): ModelName {
  const parsed = parseModelName(text);
  if (parsed.ok) return parsed.value;
  throw new RegistryError(
    "name-invalid",
    `${JSON.stringify(text.slice(0, 100))} cannot name a model: ${parsed.message}`,
    {
      ...(parsed.hint === null ? {} : { hint: parsed.hint }),
    },
  );
}

/** Resolves a REF to a version that exists: `not-found`, `stage-unknown`, `stage-unregistered`, `reference-invalid`. */
export async function resolveReference(context: RegistryContext, text: string, known?: Catalog): Promise<Resolved> {
  const reference = requireReference(text);
  const catalog = known ?? (await loadCatalog(context.git));
  const versions = versionsOf(catalog, reference.model);
  const { selector, model } = reference;
  if (selector.kind === "stage") return resolveStage(context, reference, { catalog, ...selector });
  if (selector.kind === "best") {
    const best = await pickBest(context, { catalog, model, metric: selector.metric, stage: null });
    return { reference, entry: best.entry, stage: null };
  }
  if (selector.kind === "version") {
    const entry = versions.find(({ version }) => version === selector.version);
    if (entry === undefined) throw noVersion(model, selector.version, versions);
    if (entry.yankId !== null) warnYanked(context, entry);
    return { reference, entry, stage: null };
  }
  const entry = selector.kind === "latest" ? latestOf(versions) : highestIn(versions, selector.range);
  if (entry !== null) return { reference, entry, stage: null };
  throw new RegistryError("not-found", `no version of ${model} fits ${text}`, { hint: `git model list ${model}` });
}

/** Warns that a version in use was yanked; it is handed out all the same. */
export function warnYanked(context: RegistryContext, entry: VersionEntry): void {
  context.reporter.warn(
    finding("yanked", `${formatVersionId(entry)} is yanked`, {
      severity: "warning",
      hint: `git model show ${formatVersionId(entry)}`,
      ref: `refs/tags/${entry.tag}`,
    }),
  );
}

async function resolveStage(
  context: RegistryContext,
  reference: Reference,
  asked: { readonly catalog: Catalog; readonly stage: string; readonly previous: boolean },
): Promise<Resolved> {
  const { model } = reference;
  const stage = parseStageName(asked.stage);
  if (!stage.ok) throw new RegistryError("reference-invalid", stage.message);
  const policy = await policyOrWarn(context);
  const view = await loadStage(context, policy?.policy ?? null, stage.value);
  const ledger = await loadLedger(context, view, { name: model, catalog: asked.catalog });
  const versions = versionsOf(asked.catalog, model);
  const isYanked = (version: Version) => versions.some((one) => one.version === version && one.yankId !== null);
  const version = asked.previous ? previousVersion(ledger, isYanked) : requireHeld(ledger, model, stage.value);
  const entry = versions.find((one) => one.version === version);
  if (entry !== undefined) {
    if (entry.yankId !== null) warnYanked(context, entry);
    return { reference, entry, stage: stage.value };
  }
  throw new RegistryError("not-found", `${stage.value} held no other version of ${model} before`, {
    hint: `git model history ${model} --stage ${stage.value}`,
  });
}

function requireHeld(ledger: Ledger, model: ModelName, stage: StageName): Version {
  const held = heldVersion(ledger.holds);
  if (held === null) {
    throw new RegistryError("not-found", `${stage} holds no version of ${model}`, {
      hint: `git model promote ${model} --to ${stage}`,
    });
  }
  if (held !== "unregistered") return held;
  throw new RegistryError("stage-unregistered", `${stage} holds a tree of ${model} that no version has`, {
    hint: `git model rollback ${model} --stage ${stage}, and git model doctor to see what happened`,
  });
}

function highestIn(versions: readonly VersionEntry[], range: string): VersionEntry | null {
  const usable = versions.filter(({ yankId, commit }) => yankId === null && commit !== null);
  return usable.findLast(({ version }) => satisfiesRange(version, range)) ?? null;
}

function noVersion(model: ModelName, version: Version, versions: readonly VersionEntry[]): RegistryError {
  const highest = versions.findLast((one) => !isPrerelease(one.version)) ?? versions.at(-1);
  return new RegistryError("not-found", `there is no version ${version} of ${model}`, {
    hint: highest === undefined ? "git model list" : `the highest is ${highest.version}: git model list ${model}`,
  });
}

/** Names of the stages there are, for hints. */
export async function knownStages(context: RegistryContext): Promise<readonly StageName[]> {
  const policy = await policyOrWarn(context);
  return (await loadStages(context, policy?.policy ?? null)).map(({ stage }) => stage);
}
