import type { Finding } from "../domain/finding.ts";
import type { Decimal } from "../domain/metric/decimal.ts";
import type { Direction } from "../domain/metric/direction.ts";
import type { EvaluationContext } from "../domain/metric/measured.ts";
import type { Metrics } from "../domain/metric/metric.ts";
import type { MetricChange } from "../domain/metric/metric-diff.ts";
import type { Manifest, ParamValue } from "../domain/model/manifest.ts";
import type { ModelName } from "../domain/model/model-name.ts";
import type { Version } from "../domain/model/version.ts";
import type { ObjectId } from "../domain/object-id.ts";
import type { GateRow } from "../domain/policy/gate.ts";
import type { StageName } from "../domain/policy/stage.ts";
import type { Need } from "../domain/promotion/need.ts";
import type { Change } from "../domain/promotion/request-branch.ts";
import type { ErrorCode } from "../errors.ts";

/**
 * The answers of the operations: what the library returns and, with Decimals as plain numbers, what `--json` prints
 * (CLI.md "JSON"). Keys are always present; null means unknown. Times are ISO 8601 UTC.
 */

/** V of CLI.md: a registered version. In a dry run, ids that do not exist yet are null. */
export interface VersionAnswer {
  readonly model: ModelName;
  readonly version: Version;
  /** Name of the tag, `fraud@v1.3.0`. */
  readonly tag: string;
  readonly commit: ObjectId | null;
  readonly tree: ObjectId | null;
}

/** A version of a stage in an answer; a tree that no version has is the string `unregistered` (DETAILS 54). */
export type HeldVersion = Version | "unregistered";

export interface Actor {
  readonly name: string;
  readonly email: string;
}

export type EventKind = "register" | "release" | "rollback" | "demote" | "yank" | "evaluate" | "unregistered";

export interface EventAnswer {
  readonly at: string;
  readonly actor: Actor;
  readonly kind: EventKind;
  readonly model: ModelName;
  readonly version: Version | null;
  readonly previous: HeldVersion | null;
  readonly stage: StageName | null;
  readonly number: number | null;
  /** Name of the tag that records it, or null. */
  readonly tag: string | null;
  readonly commit: ObjectId | null;
}

export type PromotionKind = "unchanged" | "pull-request" | "branch" | "released" | "dispatched" | "closed" | "refused";

export interface PromotionAnswer {
  readonly kind: PromotionKind;
  readonly planned?: true;
  readonly change: Change | null;
  readonly model: ModelName;
  /** What the stage held before. */
  readonly from: HeldVersion | null;
  /** The version that the stage is to hold; for a demote null. */
  readonly to: Version | null;
  readonly stage: StageName;
  readonly branch: string | null;
  readonly number: number | null;
  readonly url: string | null;
  readonly created: boolean;
  /** No finding, no failing need, no blocking gate; pending counts as not failing. */
  readonly passed: boolean;
  readonly head: ObjectId | null;
  readonly base: ObjectId | null;
  /** Release tag that was made. */
  readonly tag: string | null;
  /** Blob id of registry.yaml. */
  readonly policy: ObjectId | null;
  readonly gates: readonly GateRow[];
  readonly needs: readonly Need[];
  readonly findings: readonly Finding[];
  /** Of several promotions: what stopped this one. */
  readonly error?: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly hint: string | null;
    readonly retryable: boolean;
  };
}

export interface InitAnswer {
  readonly planned?: true;
  readonly name: string;
  /** Absolute path. */
  readonly registry: string;
  /** Files and branches, e.g. `registry.yaml`, `stage/staging`. */
  readonly created: readonly string[];
  readonly existing: readonly string[];
  readonly stages: readonly StageName[];
  /** Commands to type next, and what to add by hand. */
  readonly next: readonly string[];
}

export interface RegisteredArtifact {
  readonly path: string;
  readonly role: string;
  readonly format: string;
  readonly sha256: string;
  readonly size: number;
  readonly uploaded: boolean;
}

export interface RegisterAnswer extends VersionAnswer {
  readonly planned?: true;
  readonly created: boolean;
  readonly published: boolean;
  readonly pushed: boolean;
  readonly artifacts: readonly RegisteredArtifact[];
  readonly promotion: PromotionAnswer | null;
  /** What the numbers are compared with, for people: the next lower version and the changes. */
  readonly comparedTo: Version | null;
  readonly metrics: readonly MetricChange[];
}

export interface ListAnswer {
  readonly fetchedAt: string | null;
  readonly models: readonly {
    readonly model: ModelName;
    readonly latest: Version | null;
    readonly versions: number;
    /** Every declared or existing branch stage and tag stage. */
    readonly stages: Readonly<Record<string, HeldVersion | null>>;
    readonly updatedAt: string;
  }[];
}

export interface ListedVersion extends VersionAnswer {
  readonly createdAt: string;
  readonly author: string;
  readonly published: boolean;
  readonly yanked: boolean;
  readonly prerelease: boolean;
  readonly score: Decimal | null;
  readonly metrics: Readonly<Record<string, Decimal>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly stages: readonly StageName[];
  /** Reason of the yank, for people. */
  readonly yankReason: string | null;
}

export interface ListVersionsAnswer {
  readonly fetchedAt: string | null;
  readonly model: ModelName;
  /** Newest semver first. */
  readonly versions: readonly ListedVersion[];
  /** How many there are before `limit`. */
  readonly total: number;
}

export interface ShowAnswer extends VersionAnswer {
  readonly createdAt: string;
  readonly author: string;
  readonly published: boolean;
  readonly yanked: { readonly reason: string; readonly at: string } | null;
  readonly manifest: Manifest;
  readonly stages: readonly StageName[];
  readonly releases: readonly {
    readonly stage: StageName;
    readonly number: number;
    readonly tag: string;
    readonly at: string;
    readonly until: string | null;
  }[];
  readonly evaluations: readonly {
    readonly at: string | null;
    readonly kind: "offline" | "live";
    readonly evaluation: EvaluationContext | null;
    readonly metrics: Readonly<Record<string, Decimal>>;
  }[];
  /** Text of the model card, or null. */
  readonly card: string | null;
  /** When the remote was last asked; null without one, or before the first time. */
  readonly fetchedAt: string | null;
}

export interface ResolveAnswer extends VersionAnswer {
  /** The stage that the reference named. */
  readonly stage: StageName | null;
  readonly yanked: boolean;
  readonly artifacts: readonly {
    readonly path: string;
    readonly sha256: string;
    readonly size: number;
    readonly role: string;
  }[];
  /** When the remote was last asked; null without one, or before the first time. */
  readonly fetchedAt: string | null;
}

export interface DiffAnswer {
  readonly from: VersionAnswer | null;
  readonly to: VersionAnswer;
  readonly comparable: boolean;
  /** Why not, for people. */
  readonly reason: string | null;
  readonly metrics: readonly MetricChange[];
  readonly params: readonly {
    readonly name: string;
    readonly from: ParamValue | null;
    readonly to: ParamValue | null;
  }[];
  readonly artifacts: readonly {
    readonly path: string;
    readonly from: { readonly sha256: string; readonly size: number } | null;
    readonly to: { readonly sha256: string; readonly size: number } | null;
  }[];
  readonly data: readonly { readonly name: string; readonly change: "added" | "removed" | "changed" | "same" }[];
  readonly signature: { readonly changed: boolean };
}

/** `diff` of two references. */
export interface DiffedAnswer extends DiffAnswer {
  /** When the remote was last asked; null without one, or before the first time. */
  readonly fetchedAt: string | null;
  /** The Markdown of it. */
  readonly report: string;
}

export interface CompareAnswer {
  readonly versions: readonly (VersionAnswer & {
    readonly score: Decimal | null;
    readonly metrics: Readonly<Record<string, Decimal>>;
    /** Measured on what the newest measured of these versions was measured on; only such versions can be the best. */
    readonly comparable: boolean;
  })[];
  readonly metrics: readonly {
    readonly name: string;
    readonly better: Direction | null;
    /** One a version, null where it lacks the metric. */
    readonly values: readonly (Decimal | null)[];
    /** Index of the best, or null. */
    readonly best: number | null;
  }[];
  /** When the remote was last asked; null without one, or before the first time. */
  readonly fetchedAt: string | null;
}

export interface BestAnswer extends VersionAnswer {
  /** The metric, or `score`. */
  readonly by: string;
  readonly value: Decimal;
  readonly considered: number;
  readonly skipped: readonly { readonly model: ModelName; readonly version: Version; readonly reason: string }[];
  /** When the remote was last asked; null without one, or before the first time. */
  readonly fetchedAt: string | null;
}

export interface HistoryAnswer {
  readonly fetchedAt: string | null;
  /** Newest first. */
  readonly events: readonly EventAnswer[];
}

export interface YankAnswer extends VersionAnswer {
  readonly reason: string;
  readonly created: boolean;
}

export interface DiscardAnswer extends VersionAnswer {
  readonly discarded: boolean;
}

export interface EvaluateAnswer extends VersionAnswer {
  readonly created: boolean;
  /** Path of the evaluation on its branch. */
  readonly path: string;
  readonly gates: readonly GateRow[];
  readonly passed: boolean;
}

export interface RequestListAnswer {
  readonly promotions: readonly {
    readonly model: ModelName;
    readonly stage: StageName;
    readonly from: HeldVersion | null;
    readonly to: HeldVersion | null;
    readonly change: Change;
    readonly branch: string;
    readonly number: number | null;
    readonly url: string | null;
    readonly status: "accept" | "wait" | "refuse" | "error";
    readonly draft: boolean;
  }[];
}

export interface RequestAnswer extends PromotionAnswer {
  readonly status: "accept" | "wait" | "refuse" | "error";
  readonly report: string;
}

export interface ReviewAnswer {
  readonly verdict: "accept" | "refuse" | "wait";
  readonly change: Change | null;
  readonly model: ModelName | null;
  readonly from: HeldVersion | null;
  readonly to: Version | null;
  readonly stage: StageName;
  readonly head: ObjectId;
  readonly base: ObjectId;
  readonly mergeBase: ObjectId | null;
  readonly policy: ObjectId | null;
  readonly gates: readonly GateRow[];
  readonly needs: readonly Need[];
  readonly findings: readonly Finding[];
  readonly diff: DiffAnswer | null;
  /** The Markdown report (UX section 2). */
  readonly report: string;
}

export interface ReconcileAnswer {
  readonly created: readonly EventAnswer[];
  readonly reviewed: readonly { readonly number: number | null; readonly verdict: string }[];
  readonly findings: readonly Finding[];
}

export interface CheckAnswer {
  readonly checked: {
    readonly versions: number;
    readonly stages: number;
    readonly releases: number;
    readonly files: number;
  };
  readonly findings: readonly Finding[];
  /** What was mended, as sentences. */
  readonly fixed: readonly string[];
}

export interface PulledModel {
  readonly model: ModelName | null;
  readonly version: Version | null;
  readonly tag: string | null;
  readonly commit: ObjectId | null;
  readonly tree: ObjectId | null;
  /** The reference as it was asked for, and the one that was used. */
  readonly requested: string;
  readonly used: string;
  readonly fallback: boolean;
  /** Directory of the files; with `--link` the link. */
  readonly path: string;
  readonly changed: boolean;
  readonly files: readonly {
    readonly path: string;
    readonly role: string | null;
    readonly sha256: string | null;
    readonly size: number;
    readonly source: "cache" | "lfs" | "local";
  }[];
}

export interface PullAnswer {
  readonly models: readonly PulledModel[];
}

export interface FetchAnswer {
  readonly remote: string;
  readonly updated: readonly { readonly ref: string; readonly from: ObjectId | null; readonly to: ObjectId | null }[];
  readonly findings: readonly Finding[];
}

export interface PushAnswer {
  readonly remote: string;
  /** Ref names that were sent; adopted: the remote had the same. */
  readonly pushed: readonly string[];
  readonly adopted: readonly string[];
  readonly rejected: readonly { readonly tag: string; readonly code: string }[];
}

/** Metric values of a manifest, `{value, n}` taken as its value (DETAILS 51). */
export type PlainMetrics = Readonly<Record<string, Decimal>>;

export type { Metrics };
