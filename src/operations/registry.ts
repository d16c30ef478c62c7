import type { Reporter } from "../ports/reporter.ts";
import type * as A from "./answers.ts";
import type * as Q from "./questions.ts";

/**
 * An open registry: every operation of the command line as a typed function with the same answer.
 * Each throws RegistryError (`code` as in CLI.md); a refusal or a finding is an answer, not an error.
 */
export interface Registry {
  register(question: Q.RegisterQuestion): Promise<A.RegisterAnswer>;
  list(question?: Q.ListQuestion): Promise<A.ListAnswer>;
  listVersions(question: Q.ListVersionsQuestion): Promise<A.ListVersionsAnswer>;
  show(question: Q.ShowQuestion): Promise<A.ShowAnswer>;
  history(question?: Q.HistoryQuestion): Promise<A.HistoryAnswer>;
  diff(question: Q.DiffQuestion): Promise<A.DiffedAnswer>;
  compare(question: Q.CompareQuestion): Promise<A.CompareAnswer>;
  best(question?: Q.BestQuestion): Promise<A.BestAnswer>;
  resolve(question: Q.ResolveQuestion): Promise<A.ResolveAnswer>;
  /** One outcome a reference, in their order. An outcome that is an error stops nothing: the others follow. */
  promote(question: Q.PromoteQuestion): Promise<readonly A.PromotionAnswer[]>;
  rollback(question: Q.RollbackQuestion): Promise<A.PromotionAnswer>;
  demote(question: Q.DemoteQuestion): Promise<A.PromotionAnswer>;
  yank(question: Q.YankQuestion): Promise<A.YankAnswer>;
  discard(question: Q.DiscardQuestion): Promise<A.DiscardAnswer>;
  evaluate(question: Q.EvaluateQuestion): Promise<A.EvaluateAnswer>;
  listRequests(): Promise<A.RequestListAnswer>;
  showRequest(question: Q.RequestQuestion): Promise<A.RequestAnswer>;
  mergeRequest(question: Q.RequestQuestion): Promise<A.PromotionAnswer>;
  closeRequest(question: Q.RequestQuestion): Promise<A.PromotionAnswer>;
  review(question?: Q.ReviewQuestion): Promise<A.ReviewAnswer>;
  reconcile(): Promise<A.ReconcileAnswer>;
  validate(question?: Q.ValidateQuestion): Promise<A.CheckAnswer>;
  doctor(question?: Q.DoctorQuestion): Promise<A.CheckAnswer>;
  pull(question: Q.PullQuestion): Promise<A.PullAnswer>;
  fetch(): Promise<A.FetchAnswer>;
  push(): Promise<A.PushAnswer>;
  /** Model names, stage names and versions of a model for shell completion; never throws. */
  complete(what: "models" | "stages" | "versions", model?: string): Promise<readonly string[]>;
  /** Ends child processes. */
  close(): Promise<void>;
}

/** Where and how to open a registry. */
export interface RegistryOptions {
  /** The registry's directory or URL; default: `GIT_MODEL_REGISTRY`, else `git config git-model.registry`, else the repository around `directory`. */
  readonly registry?: string;
  /** The caller's directory; default the current one. */
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly reporter?: Reporter;
}
