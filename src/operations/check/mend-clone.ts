import { type Finding, finding } from "../../domain/finding.ts";
import { RegistryError } from "../../errors.ts";
import type { RefEdit } from "../../ports/git-store.ts";
import { refresh } from "../apply/refresh.ts";
import type { RegistryContext } from "../context.ts";
import { loadPolicy } from "../load/load-policy.ts";
import { DRAFTS, tagRef } from "../load/ref-names.ts";
import { reconcileReleases } from "../reconcile-releases.ts";

export interface Mended {
  readonly fixed: readonly string[];
  /** What could not be mended, beside what the check itself finds. */
  readonly findings: readonly Finding[];
}

/**
 * Mends what needs no guess, before the registry is checked: the setting that makes `git pull` bring new versions, what
 * the remote has, markers of drafts that are none, release tags and all else that `reconcile` derives.
 */
export async function mendClone(context: RegistryContext): Promise<Mended> {
  const fixed: string[] = [];
  if (context.remote !== null) {
    fixed.push(...(await setTagOption(context, context.remote.name)));
    const before = await countDrafts(context);
    await refresh(context, "all");
    const settled = before - (await countDrafts(context));
    if (settled > 0)
      fixed.push(`removed ${settled} ${settled === 1 ? "marker" : "markers"} of drafts that are published`);
  }
  fixed.push(...(await removeLeftovers(context)));
  const reconciled = await reconcile(context);
  return { fixed: [...fixed, ...reconciled.fixed], findings: reconciled.findings };
}

async function setTagOption({ git }: RegistryContext, remote: string): Promise<readonly string[]> {
  const key = `remote.${remote}.tagOpt`;
  if ((await git.config(key)) === "--tags") return [];
  await git.setConfig(key, "--tags");
  return [`set ${key} to --tags, so that git pull brings new versions`];
}

async function countDrafts({ git }: RegistryContext): Promise<number> {
  return (await git.listRefs([DRAFTS])).length;
}

/** A marker stands for a draft only beside the tag that it names. */
async function removeLeftovers({ git }: RegistryContext): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const { name, id } of await git.listRefs([DRAFTS])) {
    const tag = name.slice(DRAFTS.length);
    if ((await git.readRef(tagRef(tag))) === id) continue;
    const edit: RefEdit = { ref: name, from: id, to: null };
    if ((await git.updateRefs([edit])).ok) removed.push(`removed the leftover marker of the draft ${tag}`);
  }
  return removed;
}

async function reconcile(context: RegistryContext): Promise<Mended> {
  if ((await loadPolicy(context)).kind !== "valid") return { fixed: [], findings: [] };
  try {
    const { created } = await reconcileReleases(context);
    return { fixed: created.map(({ tag, stage }) => `wrote the release tag ${tag} of ${stage}`), findings: [] };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const message = `what follows from the stages cannot be written: ${error.message}`;
    const failed = finding("release-missing", message, { severity: "warning", hint: error.hint });
    return { fixed: [], findings: [failed] };
  }
}
