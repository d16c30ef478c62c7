import type { ObjectId } from "../object-id.ts";
import type { StagePolicy } from "../policy/policy.ts";
import type { StageName } from "../policy/stage.ts";
import type { Held } from "../stage/ledger.ts";
import type { Need } from "./need.ts";

/**
 * Judges `from` and `soak` of a stage for a candidate's tree: every stage of `from` holds exactly this tree now,
 * and has done so for the soak (DETAILS 20). Times in milliseconds.
 */
export function judgeNeeds(
  stage: Pick<StagePolicy, "from" | "soak">,
  candidate: ObjectId,
  world: { readonly holds: (stage: StageName) => Held | null; readonly now: number },
): readonly Need[] {
  return stage.from.flatMap((before) => {
    const held = world.holds(before);
    const since = held !== null && held.tree === candidate ? held.sinceSeconds * 1000 : null;
    const from = needOfFrom(before, since);
    return stage.soak === undefined ? [from] : [from, needOfSoak(before, stage.soak, { since, now: world.now })];
  });
}

function needOfFrom(stage: StageName, since: number | null): Need {
  return {
    rule: "from",
    stage,
    verdict: since === null ? "fail" : "pass",
    since: since === null ? null : isoSeconds(since),
    until: null,
    limit: null,
  };
}

function needOfSoak(
  stage: StageName,
  soak: { readonly text: string; readonly milliseconds: number },
  time: { readonly since: number | null; readonly now: number },
): Need {
  const { since, now } = time;
  const until = since === null ? null : since + soak.milliseconds;
  return {
    rule: "soak",
    stage,
    verdict: until !== null && until <= now ? "pass" : "pending",
    since: since === null ? null : isoSeconds(since),
    until: until === null ? null : isoSeconds(until),
    limit: soak.text,
  };
}

/** ISO 8601 UTC to the second. */
export function isoSeconds(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, "Z");
}
