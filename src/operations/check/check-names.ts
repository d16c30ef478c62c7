import { type Finding, finding } from "../../domain/finding.ts";
import { findNameConflict, type ModelName } from "../../domain/model/model-name.ts";
import { parseVersionTag, parseYankTag } from "../../domain/model/version-tag.ts";
import { parseStageName } from "../../domain/policy/stage.ts";
import { parseReleaseTag } from "../../domain/stage/release-tag.ts";
import type { RefName } from "../../ports/git-store.ts";
import type { RegistryContext } from "../context.ts";
import { branchPrefix, TAGS } from "../load/ref-names.ts";
import { modelNames, type Survey, shortName } from "./survey.ts";

/**
 * `name-conflict`: two models whose names cannot stand beside each other. `ref-blocked`: a branch or tag in whose
 * place Git needs a folder for one of the registry's own refs.
 */
export function checkNames(context: RegistryContext, survey: Survey): readonly Finding[] {
  return [...nameConflicts(modelNames(survey)), ...blockedRefs(context, survey)];
}

function nameConflicts(models: readonly ModelName[]): readonly Finding[] {
  const byLower = new Map<string, ModelName>();
  const found: Finding[] = [];
  for (const model of models) {
    const key = model.toLowerCase();
    const rivals = [key, ...foldersOf(key)].flatMap((name) => byLower.get(name) ?? []);
    for (const rival of rivals) found.push(...conflict(model, rival));
    if (!byLower.has(key)) byLower.set(key, model);
  }
  for (const model of models) {
    for (const folder of foldersOf(model.toLowerCase())) {
      const rival = byLower.get(folder);
      if (rival !== undefined) found.push(...conflict(model, rival));
    }
  }
  return [...new Map(found.map((one) => [one.message, one])).values()];
}

function conflict(a: ModelName, b: ModelName): readonly Finding[] {
  const [first, second] = a < b ? [a, b] : [b, a];
  const found = findNameConflict(second, [first]);
  if (found === null) return [];
  const hint = `register ${second} under another name, and yank its versions`;
  return [finding("name-conflict", found.message, { ref: `refs/tags/${second}@*`, hint })];
}

function blockedRefs(context: RegistryContext, survey: Survey): readonly Finding[] {
  const needed = neededFolders(survey);
  const prefixes = new Set<RefName>([branchPrefix(context), "refs/heads/"]);
  const found: Finding[] = [];
  for (const { name } of survey.refs) {
    const prefix = [...prefixes].find((one) => name.startsWith(one));
    if (prefix !== undefined) {
      const reason = whyBranchBlocks(name.slice(prefix.length), needed);
      if (reason !== null) found.push(blocked(context, name, reason));
    } else if (name.startsWith(TAGS)) {
      const reason = whyTagBlocks(name.slice(TAGS.length), needed);
      if (reason !== null) found.push(blocked(context, name, reason));
    }
  }
  return found;
}

interface Needed {
  readonly models: ReadonlySet<string>;
  /** Names that are folders of models: `team` of `team/fraud`. */
  readonly folders: ReadonlySet<string>;
  readonly stages: ReadonlySet<string>;
}

function neededFolders(survey: Survey): Needed {
  const models = modelNames(survey);
  return {
    models: new Set(models),
    folders: new Set(models.flatMap(foldersOf)),
    stages: new Set(survey.stages.map(({ stage }) => stage)),
  };
}

const REQUESTS = new Set(["promote", "rollback", "demote"]);

/** What a branch keeps from existing, or null. */
function whyBranchBlocks(branch: string, { models, folders, stages }: Needed): string | null {
  const [first = "", ...rest] = branch.split("/");
  const below = rest.join("/");
  if (first === "stage") {
    if (rest.length === 0) return "every branch of a stage";
    return rest.length > 1 && parseStageName(rest[0] ?? "").ok ? `the branch stage/${rest[0]}` : null;
  }
  if (first === "evaluations")
    return rest.length === 0 ? "every branch of evaluations" : whyModelBlocks(below, { models, folders });
  if (!REQUESTS.has(first)) return null;
  if (rest.length === 0) return "every request";
  if (rest.length === 1) return stages.has(below) ? `every request for ${below}` : null;
  return whyModelBlocks(rest.slice(1).join("/"), { models, folders });
}

function whyModelBlocks(name: string, { models, folders }: Pick<Needed, "models" | "folders">): string | null {
  if (folders.has(name)) return `the same branch of the models below ${name}/`;
  const above = foldersOf(name).find((folder) => models.has(folder));
  return above === undefined ? null : `the same branch of ${above}`;
}

/** What a tag keeps from existing, or null. */
function whyTagBlocks(tag: string, { folders }: Needed): string | null {
  if (folders.has(tag)) return `every version of the models below ${tag}/`;
  const above = foldersOf(tag).find((one) => isOurs(one));
  return above === undefined ? null : `the tag ${above}`;
}

function isOurs(tag: string): boolean {
  return parseVersionTag(tag) !== null || parseYankTag(tag) !== null || parseReleaseTag(tag) !== null;
}

/** `a`, `a/b` of `a/b/c`. */
function foldersOf(name: string): readonly string[] {
  const segments = name.split("/");
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join("/"));
}

function blocked({ remote }: RegistryContext, ref: RefName, what: string): Finding {
  const isTag = ref.startsWith(TAGS);
  const isRemote = remote !== null && ref.startsWith(`refs/remotes/${remote.name}/`);
  const name = isRemote ? ref.slice(`refs/remotes/${remote.name}/`.length) : shortName(ref);
  const kind = isTag ? "tag" : "branch";
  const local = isTag ? `git tag -d "${name}"` : `git branch -m "${name}" "old-${name}"`;
  return finding("ref-blocked", `the ${kind} ${name} stands in the way of ${what}`, {
    ref,
    hint: isRemote ? `git push ${remote.name} --delete "refs/heads/${name}"` : local,
  });
}
