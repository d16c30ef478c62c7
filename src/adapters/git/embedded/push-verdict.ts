import type { ObjectId } from "../../../domain/object-id.ts";
import { RegistryError } from "../../../errors.ts";
import type { PushOutcome, RefName } from "../../../ports/git-store.ts";
import type { EmbeddedRepository } from "./embedded-repository.ts";

/** What is known of an update: its outcome, or that nothing speaks against it. */
export type Verdict = PushOutcome | { readonly ref: RefName; readonly status: "open" };

export function isFailure({ status }: Verdict): boolean {
  return status === "stale" || status === "refused";
}

/** What was not tried went down with the rest of an atomic push. */
export function closed(verdicts: readonly Verdict[]): readonly PushOutcome[] {
  return verdicts.map((verdict) =>
    verdict.status === "open" ? refused(verdict.ref, "another ref of the same push did not go through") : verdict,
  );
}

export function stale(ref: RefName): PushOutcome {
  return { ref, status: "stale", reason: "the remote has another value" };
}

export function refused(ref: RefName, reason: string): PushOutcome & { readonly status: "refused" | "stale" } {
  return { ref, status: "refused", reason };
}

/** Throws `git-failed` for an object that is not here. */
export function requireObject({ objects, location }: EmbeddedRepository, id: ObjectId): void {
  if (objects.header(id) !== null) return;
  throw new RegistryError("git-failed", `the repository ${location.gitDir} lacks the object ${id}`, {
    hint: "git fsck",
  });
}
