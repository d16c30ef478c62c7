import type { ModelName } from "../../domain/model/model-name.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import type { StageName } from "../../domain/policy/stage.ts";

/** A change of a stage on Git's terms: M = merge-base(base, head), the change is M..head (DESIGN section 3). */
export interface ChangeAtHand {
  readonly stage: StageName;
  /** The one model that the change may touch: its request is named for it. Absent: any one. */
  readonly model?: ModelName;
  readonly base: ObjectId;
  readonly head: ObjectId;
}
