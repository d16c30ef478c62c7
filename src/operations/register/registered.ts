import type { ObjectId } from "../../domain/object-id.ts";
import type { VersionContent } from "../apply/write-version.ts";

/** What became of the version: made, or found to be there already. */
export interface Registered {
  readonly content: VersionContent;
  readonly tagId: ObjectId | null;
  readonly commit: ObjectId | null;
  readonly tree: ObjectId | null;
  readonly created: boolean;
  readonly draft: boolean;
  readonly pushed: boolean;
  /** Objects that were sent to the remote. */
  readonly uploaded: ReadonlySet<string>;
}
