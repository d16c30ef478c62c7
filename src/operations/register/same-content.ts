import { writeManifest } from "../../documents/manifest.ts";
import type { Manifest } from "../../domain/model/manifest.ts";
import type { VersionContent } from "../apply/write-version.ts";

/** True iff two versions are equal in all but `version` and `source` (CLI.md "register" 5, DETAILS 34). */
export function sameContent(a: VersionContent, b: VersionContent): boolean {
  return (
    comparableText(a.manifest, b.manifest) === writeManifest(withoutSource(b.manifest)) && sameBytes(a.card, b.card)
  );
}

/** Names what differs, for the message of `version-exists`: artifacts, metrics and other keys. */
export function differences(a: VersionContent, b: VersionContent): readonly string[] {
  const named: string[] = [];
  for (const path of union(pathsOf(a.manifest), pathsOf(b.manifest))) {
    const [left, right] = [a, b].map(({ manifest }) => manifest.artifacts.find((one) => one.path === path));
    if (JSON.stringify(left) !== JSON.stringify(right)) named.push(path);
  }
  for (const key of union(Object.keys(a.manifest.metrics), Object.keys(b.manifest.metrics))) {
    if (JSON.stringify(a.manifest.metrics[key]) !== JSON.stringify(b.manifest.metrics[key]))
      named.push(`metrics.${key}`);
  }
  const skipped = new Set(["artifacts", "metrics", "source", "version"]);
  for (const key of union(Object.keys(a.manifest), Object.keys(b.manifest)).filter((one) => !skipped.has(one))) {
    const [left, right] = [a, b].map(({ manifest }) => JSON.stringify(manifest[key as keyof Manifest]));
    if (left !== right) named.push(key);
  }
  return sameBytes(a.card, b.card) ? named : [...named, "README.md"];
}

function comparableText(a: Manifest, b: Manifest): string {
  return writeManifest(withoutSource({ ...a, version: b.version }));
}

function withoutSource(manifest: Manifest): Manifest {
  return { ...manifest, source: undefined };
}

function pathsOf(manifest: Manifest): readonly string[] {
  return manifest.artifacts.map(({ path }) => path);
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])];
}

function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
