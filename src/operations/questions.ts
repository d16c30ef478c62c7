import type { Bump } from "../domain/model/version.ts";

/**
 * What the operations are asked: plain values as a person or a program writes them, checked inside.
 * Numbers may be JavaScript numbers or Decimals (which keep their text). Paths are relative to the caller's directory.
 */

export interface InitQuestion {
  /** Default: the name of the directory. */
  readonly name?: string;
  /** In the order of promotion. Default: staging, production. */
  readonly stages?: readonly string[];
  readonly forge?: "git" | "local";
  /** Allow a repository that already holds code. */
  readonly shared?: boolean;
  readonly push?: boolean;
  readonly dryRun?: boolean;
}

/** What a manifest can say beside model, version and artifacts; checked against the manifest's schema. */
export interface ManifestDetails {
  readonly title?: unknown;
  readonly description?: unknown;
  readonly task?: unknown;
  readonly framework?: unknown;
  readonly metrics?: unknown;
  readonly slices?: unknown;
  readonly evaluation?: unknown;
  readonly params?: unknown;
  readonly data?: unknown;
  readonly source?: unknown;
  readonly signature?: unknown;
  readonly changelog?: unknown;
  readonly labels?: unknown;
  readonly metadata?: unknown;
}

export interface RegisterQuestion {
  readonly model: string;
  /** Files keep their base name; a directory gives the paths below it. */
  readonly files: readonly string[];
  readonly version?: string;
  /** Default `patch`; not together with `version`. */
  readonly bump?: Bump;
  readonly details?: ManifestDetails;
  /** Artifact path to role. */
  readonly roles?: Readonly<Record<string, string>>;
  /** Path of the model card. */
  readonly card?: string;
  /** A version whose pointers are taken over. */
  readonly from?: string;
  /** A stage to promote the version to afterwards, if its gates pass. */
  readonly promote?: string;
  /** False: keep it as a draft. */
  readonly push?: boolean;
  readonly offline?: boolean;
  readonly dryRun?: boolean;
}

export interface ReadQuestion {
  /** Fetch first. */
  readonly fetch?: boolean;
  /** Only what was fetched before, also of a registry named by a URL, which is asked for news otherwise. */
  readonly offline?: boolean;
}

export interface ListQuestion extends ReadQuestion {
  readonly stage?: string;
  readonly limit?: number;
  /** `k=v`, all of them. Of models: their latest version's. */
  readonly labels?: readonly string[];
  /** `f1>=0.9 and not labels.team = risk`. Of models: about their latest version. */
  readonly where?: string;
  /** A metric, or `score`; best first. */
  readonly sort?: string;
}

export interface ListVersionsQuestion extends ListQuestion {
  readonly model: string;
}

export interface ShowQuestion extends ReadQuestion {
  readonly reference: string;
}

export interface HistoryQuestion extends ReadQuestion {
  readonly model?: string;
  readonly stage?: string;
  readonly limit?: number;
}

export interface DiffQuestion extends ReadQuestion {
  readonly from: string;
  readonly to: string;
}

export interface CompareQuestion extends ReadQuestion {
  /** Models or references; none: each model's latest. */
  readonly references: readonly string[];
  /** Only these metrics. */
  readonly metrics?: readonly string[];
  readonly limit?: number;
}

export interface BestQuestion extends ReadQuestion {
  readonly model?: string;
  /** Default: the policy's score. */
  readonly metric?: string;
  /** Among versions ever released to it. */
  readonly stage?: string;
}

export interface PromoteQuestion {
  readonly references: readonly string[];
  readonly to: string;
  /** Move the stage at once instead of opening a request. */
  readonly direct?: boolean;
  /** Open no request that could not merge. */
  readonly ifPassing?: boolean;
  readonly message?: string;
  readonly dryRun?: boolean;
}

export interface RollbackQuestion {
  /** MODEL, or MODEL@VERSION for a version that was released there. */
  readonly reference: string;
  readonly stage: string;
  readonly direct?: boolean;
  readonly dryRun?: boolean;
}

export interface DemoteQuestion {
  readonly model: string;
  readonly stage: string;
  readonly direct?: boolean;
  readonly dryRun?: boolean;
}

export interface YankQuestion {
  readonly reference: string;
  readonly reason: string;
  readonly dryRun?: boolean;
}

export interface DiscardQuestion {
  readonly reference: string;
  readonly dryRun?: boolean;
}

export interface EvaluateQuestion {
  readonly reference: string;
  readonly metrics: unknown;
  readonly slices?: unknown;
  readonly evaluation?: unknown;
  readonly live?: boolean;
  /** ISO 8601: when it was measured. */
  readonly at?: string;
  readonly note?: string;
  /** A stage whose gates judge this measurement. */
  readonly check?: string;
  readonly push?: boolean;
  readonly dryRun?: boolean;
}

/** Names the one open request of a model and a stage. */
export interface RequestQuestion {
  readonly model: string;
  readonly stage: string;
  readonly dryRun?: boolean;
}

/** Both a model and a stage, or both a base and a head; neither: the only open request. */
export interface ReviewQuestion {
  readonly model?: string;
  readonly stage?: string;
  /** Git refs or full commit ids. */
  readonly base?: string;
  readonly head?: string;
}

export interface ValidateQuestion {
  /** Files to check: manifests, evaluations, policies; none: the registry's policy. */
  readonly files: readonly string[];
}

export interface DoctorQuestion {
  readonly fix?: boolean;
}

export interface PullQuestion {
  readonly references: readonly string[];
  /** Directory to write; not with `link`. */
  readonly output?: string;
  readonly force?: boolean;
  /** Symbolic link to switch. */
  readonly link?: string;
  readonly role?: string;
  /** References, or directories that begin with `/`, `./` or `../`; tried in order. */
  readonly fallbacks?: readonly string[];
  readonly offline?: boolean;
  readonly verify?: boolean;
  /** Answer the read-only directory in the cache. */
  readonly printPath?: boolean;
}

export interface ResolveQuestion extends ReadQuestion {
  readonly reference: string;
}
