import { type Finding, type FindingCode, finding } from "../domain/finding.ts";
import type { Place } from "./yaml-tree.ts";

/** Of one document: who has more to mend reads no list, and looking up the places of thousands takes minutes. */
export const FINDING_LIMIT = 100;

/** Collects what is wrong with a document, each thing once and at most a hundred of them. */
export class YamlProblems {
  readonly found: Finding[] = [];
  readonly #file: string | null;
  readonly #placeOf: (offset: number) => Place;

  constructor(file: string | null, placeOf: (offset: number) => Place) {
    this.#file = file;
    this.#placeOf = placeOf;
  }

  get full(): boolean {
    return this.found.length >= FINDING_LIMIT;
  }

  add(
    offset: number,
    message: string,
    rest: { readonly code?: FindingCode; readonly hint?: string | null } = {},
  ): void {
    if (this.full) return;
    const place = this.#placeOf(offset);
    const twin = this.found.some(
      (one) => one.line === place.line && one.column === place.column && one.message === message,
    );
    if (!twin)
      this.found.push(finding(rest.code ?? "syntax", message, { hint: rest.hint ?? null, file: this.#file, ...place }));
  }

  inOrder(): readonly Finding[] {
    return [...this.found].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  }
}
