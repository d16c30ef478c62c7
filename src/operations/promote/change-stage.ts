import { hasErrors } from "../../domain/finding.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import { verdictOf } from "../../domain/promotion/judgement.ts";
import { formatRequestBranch } from "../../domain/promotion/request-branch.ts";
import { heldVersion } from "../../domain/stage/ledger.ts";
import { RegistryError } from "../../errors.ts";
import type { PromotionAnswer } from "../answers.ts";
import { refresh } from "../apply/refresh.ts";
import { type Attempt, retryLostRaces } from "../apply/retry-lost-races.ts";
import type { RegistryContext } from "../context.ts";
import { type JudgedChange, judgeChange } from "../judge/judge-change.ts";
import { nameFindings, versionFindings } from "../judge/version-findings.ts";
import type { VersionEntry } from "../load/catalog.ts";
import { readVersion } from "../load/version-details.ts";
import { moveStage } from "./move-stage.ts";
import { openRequest } from "./open-request.ts";
import { loadSituation, type StageChangeWanted, type StageSituation, wantedChange } from "./stage-change.ts";

/** What somebody wants a stage to hold, and how it may get there. */
export interface ChangeIntent {
  readonly model: ModelName;
  readonly stage: string;
  /** The version to hold, or null for none; reads the situation, may throw. */
  readonly pick: (situation: StageSituation) => Promise<VersionEntry | null>;
  /** The version was named: on a tag stage, where only a number can be taken, it is judged and tried again (DETAILS 15). */
  readonly named: boolean;
  /** Move the stage at once. */
  readonly direct: boolean;
  /** Write nothing that could not merge now. */
  readonly ifPassing: boolean;
  readonly dryRun: boolean;
  readonly message: string | null;
}

/**
 * Changes what a stage holds: judged by the policy, then as a request or at once (CLI.md "promote" 3 to 8).
 * Tried again while only other models moved (DETAILS 41); `stage-moved` when somebody else changed this one.
 */
export async function changeStage(context: RegistryContext, intent: ChangeIntent): Promise<PromotionAnswer> {
  let first: StageSituation | null = null;
  const answer = await retryLostRaces(context.clock, async (tries): Promise<Attempt<PromotionAnswer>> => {
    if (tries > 0) await refresh(context, [intent.model]);
    const situation = await loadSituation(context, intent);
    first ??= situation;
    if (situation.rules.kind === "branch" || !intent.named) requireUnmoved(first, situation);
    return attempt(context, intent, situation);
  });
  if (answer !== null) return intent.dryRun ? { ...answer, planned: true } : answer;
  throw new RegistryError("stage-moved", `others kept moving ${intent.stage} while ${intent.model} was to be changed`, {
    retryable: true,
    hint: "run the command again",
  });
}

async function attempt(
  context: RegistryContext,
  intent: ChangeIntent,
  situation: StageSituation,
): Promise<Attempt<PromotionAnswer>> {
  const target = await intent.pick(situation);
  if (target !== null) await readVersion(context.git, target);
  const wanted = wantedChange(situation, target);
  if (wanted === null) return { kind: "done", value: unchanged(situation) };
  const judged = await judgeChange(context, { ...situation, policy: situation.policy.policy, candidate: target });
  const findings = [
    ...(judged.candidate === null ? [] : await versionFindings(context, judged.candidate)),
    ...(target === null ? [] : nameFindings(situation.model, situation.catalog)),
    ...judged.findings,
  ];
  const verdict = verdictOf(wanted.change, { ...judged, findings });
  const answer = { ...answerOf(situation, wanted, { ...judged, findings }), passed: verdict !== "refuse" };
  const atOnce = intent.direct || situation.rules.kind === "tag";
  if (hasErrors(findings) || ((atOnce || intent.ifPassing) && verdict !== "accept")) {
    return { kind: "done", value: { ...answer, kind: "refused" } };
  }
  if (intent.dryRun) return { kind: "done", value: planned(answer, wanted, { atOnce }) };
  return atOnce
    ? moveAtOnce(context, situation, { wanted, answer, message: intent.message })
    : request(context, situation, { wanted, answer, message: intent.message });
}

interface Apply {
  readonly wanted: StageChangeWanted;
  readonly answer: PromotionAnswer;
  readonly message: string | null;
}

async function moveAtOnce(
  context: RegistryContext,
  situation: StageSituation,
  { wanted, answer, message }: Apply,
): Promise<Attempt<PromotionAnswer>> {
  const moved = await moveStage(context, situation, { wanted, ...(message === null ? {} : { message }) });
  if (moved.kind === "lost") return { kind: "lost" };
  return { kind: "done", value: { ...answer, kind: "released", head: moved.head, base: moved.base, tag: moved.tag } };
}

async function request(
  context: RegistryContext,
  situation: StageSituation,
  { wanted, answer, message }: Apply,
): Promise<Attempt<PromotionAnswer>> {
  const opened = await openRequest(context, situation, { wanted, message });
  if (opened.kind === "lost") return { kind: "lost" };
  const { branch, head, base, created } = opened;
  return { kind: "done", value: { ...answer, kind: "pull-request", branch, head, base, created } };
}

function answerOf(
  situation: StageSituation,
  wanted: StageChangeWanted,
  judged: Pick<JudgedChange, "gates" | "needs" | "findings">,
): Omit<PromotionAnswer, "passed"> {
  return {
    kind: "refused",
    change: wanted.change,
    model: situation.model,
    from: wanted.from,
    to: wanted.tree === null ? null : (wanted.version?.version ?? null),
    stage: situation.stage,
    branch: null,
    number: null,
    url: null,
    created: false,
    head: null,
    base: situation.view.tip,
    tag: null,
    policy: situation.policy.id,
    gates: judged.gates,
    needs: judged.needs,
    findings: judged.findings,
  };
}

function unchanged(situation: StageSituation): PromotionAnswer {
  const held = heldVersion(situation.ledger.holds);
  const nothing = { change: "release", from: held, version: null, tree: null } as const;
  return {
    ...answerOf(situation, nothing, { gates: [], needs: [], findings: [] }),
    kind: "unchanged",
    change: null,
    to: held === "unregistered" ? null : held,
    passed: true,
  };
}

function planned(
  answer: PromotionAnswer,
  wanted: StageChangeWanted,
  { atOnce }: { readonly atOnce: boolean },
): PromotionAnswer {
  const branch = atOnce
    ? null
    : formatRequestBranch({ change: wanted.change, stage: answer.stage, model: answer.model });
  return { ...answer, kind: atOnce ? "released" : "pull-request", branch };
}

/** Only other models may have moved between two tries; who won is told. */
function requireUnmoved(first: StageSituation, now: StageSituation): void {
  const before = first.ledger.holds?.tree ?? null;
  const after = now.ledger.holds?.tree ?? null;
  if (before === after && first.ledger.events.length === now.ledger.events.length) return;
  const event = now.ledger.events.at(-1);
  const winner = event?.committer.name ?? "somebody";
  const held = heldVersion(now.ledger.holds) ?? "no version";
  throw new RegistryError(
    "stage-moved",
    `${winner} moved ${now.stage} meanwhile: it holds ${held} of ${now.model} now`,
    {
      hint: `git model history ${now.model} --stage ${now.stage}`,
      retryable: true,
    },
  );
}
