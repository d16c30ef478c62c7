import { finding } from "../../domain/finding.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import { formatStageBranch } from "../../domain/policy/stage.ts";
import { appendChange } from "../../domain/stage/ledger.ts";
import { formatReleaseLine } from "../../domain/stage/release-message.ts";
import { RegistryError } from "../../errors.ts";
import type { Signature } from "../../ports/git-store.ts";
import { publishRefs } from "../apply/publish-refs.ts";
import { signatureNow } from "../apply/signature.ts";
import { writeStageTree } from "../apply/stage-tree.ts";
import { type WrittenRelease, writeRelease } from "../apply/write-release.ts";
import type { RegistryContext } from "../context.ts";
import { defaultTip } from "../load/load-policy.ts";
import { tagRef } from "../load/ref-names.ts";
import { readCommit } from "../load/trees.ts";
import { requestEdits } from "./request-branches.ts";
import type { StageChangeWanted, StageSituation } from "./stage-change.ts";

/** What became of a stage that was to move. */
export type Moved =
  | {
      readonly kind: "moved";
      readonly head: ObjectId | null;
      readonly base: ObjectId | null;
      readonly tag: string | null;
    }
  | { readonly kind: "lost" };

/**
 * Moves the stage in one transaction: the stage's branch (expecting its tip), the release tag, and the deletion of
 * the requests that this settles. A tag stage moves by its release tag alone.
 */
export async function moveStage(
  context: RegistryContext,
  situation: StageSituation,
  change: {
    readonly wanted: StageChangeWanted;
    /** A reviewed commit that may become the stage's tip as it is. */
    readonly commit?: ObjectId;
    readonly message?: string;
  },
): Promise<Moved> {
  const { wanted, ...how } = change;
  if (situation.view.kind === "tag") return moveTagStage(context, situation, wanted);
  const tip = situation.view.tip;
  const head = how.commit ?? (await writeStageCommit(context, situation, { ...wanted, message: how.message ?? null }));
  const release = await releaseOf(context, situation, { wanted, head });
  const present = release === null ? null : await context.git.readRef(tagRef(release.tag));
  const isTaken = release !== null && present !== null && present !== release.tagId;
  const outcome = await publishRefs(context, [
    { ref: `refs/heads/${formatStageBranch(situation.stage)}`, from: tip, to: head },
    ...(release === null || present !== null ? [] : [{ ref: tagRef(release.tag), from: null, to: release.tagId }]),
    ...(await requestEdits(context, situation)),
  ]);
  if (outcome.kind === "lost") return { kind: "lost" };
  if (isTaken) warnTaken(context, release.tag);
  return { kind: "moved", head, base: tip, tag: isTaken ? null : (release?.tag ?? null) };
}

/** Writes the one commit of a change on top of the stage's tip; no ref. */
export async function writeStageCommit(
  context: RegistryContext,
  situation: Pick<StageSituation, "model" | "stage" | "view">,
  wanted: StageChangeWanted & { readonly message: string | null },
): Promise<ObjectId> {
  const { git } = context;
  const tip = situation.view.tip;
  const main = await defaultTip(context);
  const root = tip === null ? await git.writeTree([]) : (await readCommit(git, tip)).tree;
  const tree = await writeStageTree(git, root, {
    model: situation.model,
    tree: wanted.tree,
    defaultRoot: main === null ? null : (await readCommit(git, main)).tree,
  });
  const by = await signatureNow(context);
  const line = stageLine(situation, wanted);
  const message = wanted.message === null ? `${line}\n` : `${line}\n\n${wanted.message.trim()}\n`;
  return git.writeCommit({ tree, parents: tip === null ? [] : [tip], author: by, committer: by, message });
}

/** First line of the change's commit and of its release tag. */
function stageLine(
  { model, stage }: Pick<StageSituation, "model" | "stage">,
  { change, version }: Pick<StageChangeWanted, "change" | "version">,
): string {
  if (version === null) return `Demote ${model} from ${stage}`;
  return formatReleaseLine({ kind: change, model, stage, version: version.version });
}

async function moveTagStage(
  context: RegistryContext,
  situation: StageSituation,
  wanted: StageChangeWanted,
): Promise<Moved> {
  const { model, stage } = situation;
  if (wanted.version === null) {
    throw new RegistryError("stage-unregistered", `the release that ${stage} holds of ${model} names no version`, {
      hint: `git model promote ${model} --to ${stage}, then demote it`,
    });
  }
  const taken = situation.catalog.releases.filter((one) => one.model === model && one.stage === stage);
  const committer = await signatureNow(context);
  const release = await writeEvent(context, situation, {
    wanted,
    commit: wanted.version.commit,
    committer,
    stageCommit: null,
    number: Math.max(0, ...taken.map(({ number }) => number)) + 1,
  });
  if (release === null) return { kind: "lost" };
  const outcome = await publishRefs(context, [{ ref: tagRef(release.tag), from: null, to: release.tagId }]);
  if (outcome.kind === "lost") return { kind: "lost" };
  return { kind: "moved", head: null, base: null, tag: release.tag };
}

async function releaseOf(
  context: RegistryContext,
  situation: StageSituation,
  change: { readonly wanted: StageChangeWanted; readonly head: ObjectId },
): Promise<WrittenRelease | null> {
  const { committer } = await readCommit(context.git, change.head);
  return writeEvent(context, situation, {
    wanted: change.wanted,
    commit: change.head,
    committer,
    stageCommit: change.head,
  });
}

async function writeEvent(
  context: RegistryContext,
  { ledger, model, stage }: StageSituation,
  change: {
    readonly wanted: StageChangeWanted;
    readonly commit: ObjectId;
    readonly committer: Signature;
    readonly stageCommit: ObjectId | null;
    readonly number?: number;
  },
): Promise<WrittenRelease | null> {
  const { wanted, commit, committer, stageCommit, number } = change;
  if (wanted.version === null) return null;
  const version = wanted.tree === null ? null : wanted.version.version;
  const after = appendChange(ledger, {
    ...(number === undefined ? {} : { number }),
    ...{ commit, committer, parentSeconds: null, tree: wanted.tree, version },
  });
  const event = after.events.at(-1);
  return event === undefined
    ? null
    : writeRelease(context.git, event, { model, stage, version: wanted.version, stageCommit });
}

/** Where another object stands under the release's name the stage moves all the same; `reconcile` reports it. */
function warnTaken(context: RegistryContext, tag: string): void {
  context.reporter.warn(
    finding("history-rewritten", `the tag ${tag} is there already and records something else`, {
      severity: "warning",
      hint: "git model reconcile names what does not fit",
      ref: tagRef(tag),
    }),
  );
}
