import type { Version } from "../model/version.ts";
import type { ObjectId } from "../object-id.ts";

/** A version that a stage holds; a tree that no version has is the word `unregistered`. */
export type HeldVersion = Version | "unregistered";

/** Who committed and when, as the commit's own line says. */
export interface Committer {
  readonly name: string;
  readonly email: string;
  /** Seconds since 1970. */
  readonly seconds: number;
  readonly zone: string;
  /** Bytes of `name <email>` as latin1. */
  readonly raw?: string;
}

/** One change of a model's tree on a stage, read from the stage's first-parent history. */
export interface StageChange {
  /** On a tag stage the number in the tag's name; else the change's ordinal. */
  readonly number?: number;
  readonly commit: ObjectId;
  readonly committer: Committer;
  /** Committer date of the first parent; null for a root commit. */
  readonly parentSeconds: number | null;
  /** The model's tree afterwards; null: the stage holds it no longer. */
  readonly tree: ObjectId | null;
  /** The version whose registered tree this is; null when there is none. */
  readonly version: Version | null;
}

export type StageEventKind = "release" | "rollback" | "demote" | "unregistered";

/** What a change meant. `number` is its ordinal, which is the release tag's N. */
export interface StageEvent {
  readonly number: number;
  readonly kind: StageEventKind;
  /** The version concerned; for a demote the one that left; null for unregistered trees. */
  readonly version: Version | null;
  /** What the stage held before. */
  readonly previous: HeldVersion | null;
  /** The release tag's date: at least one second after the event before (DETAILS 6). */
  readonly seconds: number;
  readonly commit: ObjectId;
  readonly committer: Committer;
  readonly tree: ObjectId | null;
}

/** What a stage holds of a model now. */
export interface Held {
  readonly tree: ObjectId;
  /** Null: no version has this tree. */
  readonly version: Version | null;
  readonly commit: ObjectId;
  /** Since when, in seconds: the date of the commit that brought the tree, never before its parent's (DETAILS 20). */
  readonly sinceSeconds: number;
}

/** The history of one model on one stage (DESIGN section 1, "The ledger"). */
export interface Ledger {
  /** Oldest first. */
  readonly events: readonly StageEvent[];
  /** Releases that can be rolled back to, bottom first. */
  readonly stack: readonly Version[];
  readonly holds: Held | null;
}

export const EMPTY_LEDGER: Ledger = { events: [], stack: [], holds: null };

/** Reads the changes, oldest first, as events and a stack. Pure: any reader of the same history gets the same ledger. */
export function readLedger(changes: readonly StageChange[]): Ledger {
  return changes.reduce(appendChange, EMPTY_LEDGER);
}

/** The ledger after one more change. */
export function appendChange(ledger: Ledger, change: StageChange): Ledger {
  const { kind, version, stack } = interpret(ledger, change);
  const last = ledger.events.at(-1);
  const event: StageEvent = {
    number: change.number ?? ledger.events.length + 1,
    kind,
    version,
    previous: heldVersion(ledger.holds),
    seconds: Math.max(change.committer.seconds, last === undefined ? -Infinity : last.seconds + 1),
    commit: change.commit,
    committer: change.committer,
    tree: change.tree,
  };
  return { events: [...ledger.events, event], stack, holds: holdingAfter(change) };
}

/** What promoting a version (null: demoting) is, given the stack. */
export function changeOf(ledger: Ledger, version: Version | null): "release" | "rollback" | "demote" {
  if (version === null) return "demote";
  return ledger.stack.includes(version) ? "rollback" : "release";
}

/** What the stage holds, as answers name it. */
export function heldVersion(held: Held | null): HeldVersion | null {
  return held === null ? null : (held.version ?? "unregistered");
}

/**
 * The version to go back to: the element below the top of the stack, after a demote (or under an unregistered
 * tree) the top itself; yanked versions are skipped. Null: there is none.
 */
export function previousVersion(ledger: Ledger, isYanked: (version: Version) => boolean): Version | null {
  const top = ledger.stack.at(-1);
  const holdsTop = top !== undefined && ledger.holds?.version === top;
  const below = holdsTop ? ledger.stack.slice(0, -1) : ledger.stack;
  return below.findLast((version) => !isYanked(version)) ?? null;
}

/** True iff the version was ever released to the stage. */
export function wasReleased(ledger: Ledger, version: Version): boolean {
  return ledger.events.some((event) => event.version === version && event.kind !== "demote");
}

function interpret(
  ledger: Ledger,
  change: StageChange,
): { readonly kind: StageEventKind; readonly version: Version | null; readonly stack: readonly Version[] } {
  const { stack } = ledger;
  if (change.tree === null) return { kind: "demote", version: ledger.holds?.version ?? null, stack };
  const { version } = change;
  if (version === null) return { kind: "unregistered", version: null, stack };
  const at = stack.indexOf(version);
  if (at < 0) return { kind: "release", version, stack: [...stack, version] };
  return { kind: "rollback", version, stack: stack.slice(0, at + 1) };
}

function holdingAfter(change: StageChange): Held | null {
  if (change.tree === null) return null;
  return {
    tree: change.tree,
    version: change.version,
    commit: change.commit,
    sinceSeconds: Math.max(change.committer.seconds, change.parentSeconds ?? -Infinity),
  };
}
