import type { ObjectKind } from "../object-format.ts";

/** An object found in the store: what its header says, before anything is inflated. */
export type StoredObject =
  | {
      readonly kind: ObjectKind;
      /** Bytes of the content. */
      readonly size: number;
      /** The content; null when it is damaged. Never more than `size` bytes are made. */
      read(): Buffer | null;
    }
  | { readonly kind: "damaged"; readonly reason: string };

export function damaged(reason: string): StoredObject {
  return { kind: "damaged", reason };
}
