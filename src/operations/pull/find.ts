import { finding } from "../../domain/finding.ts";
import { isoSeconds } from "../../domain/promotion/judge-needs.ts";
import { type ErrorCode, RegistryError } from "../../errors.ts";
import { refresh } from "../apply/refresh.ts";
import type { RegistryContext } from "../context.ts";
import { requireReference } from "../load/resolve-reference.ts";

/** Where the version that a reference means can be read. */
export interface Found {
  readonly context: RegistryContext;
  /** The reference to read there: the one that was asked for, or the version that it came to. */
  readonly reference: string;
  /** Nothing more is fetched. */
  readonly offline: boolean;
  /** Why the remote could not be asked, null when all is fresh. */
  readonly stale: RegistryError | null;
}

export type Find = (reference: string) => Promise<Found>;

/** Prepares to find references, fallbacks among them. */
export type BeginFinding = (
  context: RegistryContext,
  asked: { readonly references: readonly string[]; readonly offline: boolean },
) => Promise<Find>;

const UNREACHABLE: ReadonlySet<ErrorCode> = new Set(["network", "git-failed", "auth-failed"]);

/** A failure to ask the remote, after which what was fetched last is used (DETAILS 47); throws anything else. */
export function unreachable(error: unknown): RegistryError {
  if (error instanceof RegistryError && UNREACHABLE.has(error.code)) return error;
  throw error;
}

/** Says that what was fetched last is used, and how old it is. */
export function warnStale(context: RegistryContext, error: RegistryError, at: number | null): void {
  const age = at === null ? "nothing was ever fetched" : `what was fetched on ${isoSeconds(at)} is used`;
  context.reporter.warn(finding("stale", `${error.message}: ${age}`, { severity: "warning", hint: error.hint }));
}

/** In a clone: one fetch for all references. */
export const findInClone: BeginFinding = async (context, { references, offline }) => {
  const stale = offline ? null : await refreshFor(context, references);
  return async (reference) => ({ context, reference, offline: offline || stale !== null, stale });
};

async function refreshFor(context: RegistryContext, references: readonly string[]): Promise<RegistryError | null> {
  try {
    await refresh(context, [...new Set(references.map((text) => requireReference(text).model))]);
    return null;
  } catch (error) {
    const failure = unreachable(error);
    warnStale(context, failure, await context.fetchLog.read());
    return failure;
  }
}
