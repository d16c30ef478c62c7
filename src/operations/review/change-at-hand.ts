import type { ObjectId } from "../../domain/object-id.ts";
import type { StageName } from "../../domain/policy/stage.ts";

/** A change of a stage on Git's terms: M = merge-base(base, head), the change is M..head (DESIGN section 3). */
export interface ChangeAtHand {
  readonly stage: StageName;
  readonly base: ObjectId;
  readonly head: ObjectId;
}
