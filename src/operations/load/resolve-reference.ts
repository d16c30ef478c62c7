import { finding } from "../../domain/finding.ts";
import { type ModelName, parseModelName } from "../../domain/model/model-name.ts";
import { parseReference, type Reference } from "../../domain/model/reference.ts";
import { isPrerelease, satisfiesRange, type Version } from "../../domain/model/version.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import { parseStageName, type StageName } from "../../domain/policy/stage.ts";
import { previousVersion } from "../../domain/stage/ledger.ts";
import { invariant, RegistryError } from "../../errors.ts";
import type { RegistryContext } from "../context.ts";
import { pickBest } from "../pick-best.ts";
import { type Catalog, latestOf, loadCatalogOf, type VersionEntry, versionsOf } from "./catalog.ts";
import { holdsModel } from "./held-models.ts";
import { policyOrWarn } from "./load-policy.ts";
import { loadHeld, loadLedger, loadStage, type StageView, versionsByTree } from "./stages.ts";

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
  const { selector, model } = reference;
  const catalog = known ?? (await loadCatalogOf(context.git, [model]));
  if (selector.kind === "stage") return resolveStage(context, reference, { catalog, ...selector });
  const versions = versionsOf(catalog, model);
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
  const { catalog, previous } = asked;
  const version = await (previous ? previousOn : heldOn)(context, view, { name: model, catalog });
  const entry = versionsOf(catalog, model).find((one) => one.version === version);
  invariant(entry !== undefined, `${model}@${version} is on a stage and not in the catalog`);
  if (entry.yankId !== null) warnYanked(context, entry);
  return { reference, entry, stage: stage.value };
}

interface ModelAsked {
  readonly name: ModelName;
  readonly catalog: Catalog;
}

/** The version that the stage holds, read from its tip alone. */
async function heldOn(context: RegistryContext, view: StageView, { name, catalog }: ModelAsked): Promise<Version> {
  const byTree = await versionsByTree(context, catalog.models.get(name) ?? []);
  const held = await loadHeld(context, view, { name, catalog, byTree });
  if (held !== null && held !== "unregistered") return held;
  // A folder of models is no model: `team` beside `team/fraud`.
  const isModel = held === "unregistered" && (view.tip === null || (await holdsModel(context, view.tip, name)));
  if (!isModel) {
    versionsOf(catalog, name);
    throw new RegistryError("not-found", `${view.stage} holds no version of ${name}`, {
      hint: `git model promote ${name} --to ${view.stage}`,
    });
  }
  throw new RegistryError("stage-unregistered", `${view.stage} holds a tree of ${name} that no version has`, {
    hint: `git model rollback ${name} --stage ${view.stage}, and git model doctor to see what happened`,
  });
}

/** The version that the stage held before: the element below the top of its stack. */
async function previousOn(context: RegistryContext, view: StageView, { name, catalog }: ModelAsked): Promise<Version> {
  const versions = versionsOf(catalog, name);
  const ledger = await loadLedger(context, view, { name, catalog });
  const yanked = new Set(versions.flatMap(({ version, yankId }) => (yankId === null ? [] : [version])));
  const version = previousVersion(ledger, (one) => yanked.has(one));
  if (version !== null) return version;
  throw new RegistryError("not-found", `${view.stage} held no other version of ${name} before`, {
    hint: `git model history ${name} --stage ${view.stage}`,
  });
}

/** The highest version in a range that is not yanked; null for none. */
export function highestIn(versions: readonly VersionEntry[], range: string): VersionEntry | null {
  const usable = versions.filter(({ yankId, commit }) => yankId === null && commit !== null);
  return usable.findLast(({ version }) => satisfiesRange(version, range)) ?? null;
}

function noVersion(model: ModelName, version: Version, versions: readonly VersionEntry[]): RegistryError {
  const highest = versions.findLast((one) => !isPrerelease(one.version)) ?? versions.at(-1);
  return new RegistryError("not-found", `there is no version ${version} of ${model}`, {
    hint: highest === undefined ? "git model list" : `the highest is ${highest.version}: git model list ${model}`,
  });
}
