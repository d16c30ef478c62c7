import { hasErrors } from "../../domain/finding.ts";
import { summarizeGates } from "../../domain/policy/gate-summary.ts";
import type { Change } from "../../domain/promotion/request-branch.ts";
import type { PromotionAnswer } from "../../operations/answers.ts";
import { bad, faint, good, type Line, strong, type View, warn } from "../text/span.ts";
import { judgementLines } from "./judgement.ts";
import { next, versionText } from "./parts.ts";

const NOUNS: Readonly<Record<Change, string>> = { release: "Promotion", rollback: "Rollback", demote: "Demotion" };

/** A promotion, rollback, demotion or merge: what was asked, what the rules say, what happened, what to type next. */
export function promotionView(answer: PromotionAnswer, view: View): readonly Line[] {
  const { model, stage, to } = answer;
  if (answer.kind === "unchanged") {
    const what = to === null ? `${stage} holds no version of ${model}` : `${stage} holds ${model} ${to} already`;
    return [[`${what}: nothing to do.`]];
  }
  if (answer.kind === "closed") return [headline(answer), ...outcome(answer, view)];
  return [headline(answer), ...judgementLines(answer, view, isJudged(answer.change)), ...outcome(answer, view)];
}

/** `Promotion fraud 1.2.9 → 1.3.0 · production`, or `Promotion fraud 1.0.0 · production, which held none` */
export function headline({ change, model, from, to, stage }: PromotionAnswer): Line {
  const noun = NOUNS[change ?? "release"];
  if (from === null) return [noun, " ", strong(`${model} ${versionText(to)}`), ` · ${stage}, which held none`];
  return [noun, " ", strong(`${model} ${versionText(from)} → ${versionText(to)}`), ` · ${stage}`];
}

/** Needs and gates bind a release only. */
export function isJudged(change: Change | null): boolean {
  return change === "release" || change === null;
}

function outcome(answer: PromotionAnswer, view: View): readonly Line[] {
  if (answer.planned === true && answer.kind !== "refused")
    return [[faint("Dry run: "), `would ${PLANS[answer.kind](answer)}.`]];
  switch (answer.kind) {
    case "refused":
      return refused(answer, view);
    case "released":
      return released(answer, view);
    case "closed":
      return [[`Closed the request ${answer.branch ?? ""}.`]];
    case "dispatched":
      return [["Asked the promote workflow to open the request", ...where(answer), "."]];
    case "branch":
      return [["Pushed ", strong(answer.branch ?? ""), "; open the request at ", strong(answer.url ?? ""), "."]];
    default:
      return opened(answer, view);
  }
}

const PLANS: Readonly<Record<PromotionAnswer["kind"], (answer: PromotionAnswer) => string>> = {
  "pull-request": ({ branch }) => `open the request ${branch ?? ""}`,
  branch: ({ branch }) => `push ${branch ?? ""}`,
  released: ({ stage, to, model }) => (to === null ? `take ${model} off ${stage}` : `move ${stage} to ${to} at once`),
  dispatched: () => "ask the promote workflow to open the request",
  closed: ({ branch }) => `close the request ${branch ?? ""}`,
  refused: () => "refuse it",
  unchanged: () => "change nothing",
};

function refused(answer: PromotionAnswer, view: View): readonly Line[] {
  const line: Line = [bad("Refused"), `: ${reasonOf(answer)}. Nothing was written.`];
  const { model, stage } = answer;
  const isWaiting = answer.passed && !hasErrors(answer.findings);
  return isWaiting
    ? [line, ...next(view, `git model promote ${model}@${answer.to} --to ${stage}, once it is time`)]
    : [line];
}

function reasonOf({ findings, needs, gates }: PromotionAnswer): string {
  if (hasErrors(findings)) return "it cannot be done as it stands";
  const missing = needs.find(({ verdict }) => verdict === "fail");
  if (missing !== undefined) return `${missing.stage} has to hold it first`;
  const summary = summarizeGates(gates);
  if (summary.failing.length > 0) return summary.text;
  return needs.some(({ verdict }) => verdict === "pending") ? "it is too early" : summary.text;
}

function released(answer: PromotionAnswer, view: View): readonly Line[] {
  const { model, stage, to, from, tag, change } = answer;
  const recorded = tag === null ? [] : [faint(` (${tag})`)];
  if (to === null) return [[good("Demoted"), `: ${stage} no longer holds ${model}`, ...recorded, "."]];
  const verb = change === "rollback" ? "Rolled back" : "Released";
  const undo =
    from === null ? `git model demote ${model} --stage ${stage}` : `git model rollback ${model} --stage ${stage}`;
  const line: Line = [good(verb), `: ${stage} holds ${model} ${to} now`, ...recorded, "."];
  if (change === "rollback") return [line];
  return [line, ...(view.isTerminal ? [[faint("Undo: "), undo]] : [])];
}

function opened(answer: PromotionAnswer, view: View): readonly Line[] {
  const { model, stage, url, branch, created } = answer;
  const verb = created ? "Opened" : "Already open:";
  const line: Line = [verb, " ", strong(url ?? `the request ${branch ?? ""}`), standing(answer)];
  if (url !== null) return [line];
  const command = answer.passed ? "merge" : "show";
  return [line, ...next(view, `git model pr ${command} ${model} --stage ${stage}`)];
}

function standing({ passed, needs, gates, change }: PromotionAnswer) {
  if (!passed) return bad(" — it cannot merge until every gate holds.");
  const waits = change === "release" && [...needs, ...gates].some(({ verdict }) => verdict === "pending");
  return waits ? warn(" — it can merge once it is time.") : " — it may merge.";
}

function where({ url }: PromotionAnswer): Line {
  return url === null ? [] : [": ", strong(url)];
}
