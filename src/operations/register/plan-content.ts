import { writeManifest } from "../../documents/manifest.ts";
import { checkTree } from "../../documents/schema-findings.ts";
import { stripUserinfo } from "../../documents/strip-userinfo.ts";
import type { Tree } from "../../documents/yaml-tree.ts";
import { DEFAULT_ROLE, formatOfPath, ROLE_PATTERN } from "../../domain/artifact/artifact.ts";
import type { ArtifactPath } from "../../domain/artifact/artifact-path.ts";
import type { Pointer } from "../../domain/artifact/pointer.ts";
import { Decimal } from "../../domain/metric/decimal.ts";
import { compareBytes } from "../../domain/metric/metric.ts";
import { MANIFEST_LIMIT, type Manifest, ManifestSchema } from "../../domain/model/manifest.ts";
import type { ModelName } from "../../domain/model/model-name.ts";
import type { Version } from "../../domain/model/version.ts";
import { type ErrorCode, RegistryError } from "../../errors.ts";
import type { ManifestDetails } from "../questions.ts";

/** An artifact that a registration brings: a stored file, or a pointer taken over from another version. */
export interface BroughtArtifact {
  readonly path: ArtifactPath;
  readonly pointer: Pointer;
  /** Role that it had in the version it comes from. */
  readonly role: string | null;
}

export interface ManifestParts {
  readonly model: ModelName;
  readonly version: Version;
  readonly artifacts: readonly BroughtArtifact[];
  readonly roles: Readonly<Record<string, string>>;
  readonly details: ManifestDetails;
  /** What is known of the source code without being told; the details' own keys win. */
  readonly source: Readonly<Record<string, unknown>>;
}

/** The manifest of a registration; `manifest-invalid`, `metrics-invalid`, `evaluation-invalid` with every finding. */
export function buildManifest(parts: ManifestParts): Manifest {
  const tree = {
    schemaVersion: 1,
    ...parts.details,
    source: sourceOf(parts),
    model: parts.model,
    version: parts.version,
    artifacts: parts.artifacts
      .toSorted((a, b) => compareBytes(a.path, b.path))
      .map((one) => artifactTree(one, parts.roles)),
  };
  const checked = checkTree(withoutUndefined(withDecimals(tree)) as Tree, ManifestSchema, {
    file: null,
    locate: () => null,
  });
  if (checked.ok) return withinLimit(withoutUserinfo(checked.value));
  const code = codeOf(checked.findings[0]?.message ?? "");
  const [first] = checked.findings;
  throw new RegistryError(
    code,
    `${what(code)} of ${parts.model} cannot be registered: ${first?.message ?? "invalid"}`,
    {
      findings: checked.findings,
      ...(first?.hint ? { hint: first.hint } : {}),
    },
  );
}

/** What is written can be read again. */
function withinLimit(manifest: Manifest): Manifest {
  const bytes = new TextEncoder().encode(writeManifest(manifest)).length;
  if (bytes <= MANIFEST_LIMIT) return manifest;
  throw new RegistryError(
    "manifest-invalid",
    `the manifest of ${manifest.model} would have ${bytes} bytes, at most ${MANIFEST_LIMIT} are allowed`,
    { hint: "put long lists into a file and register that file" },
  );
}

/** Checks that every role names an artifact and is a role. */
export function checkRoles(roles: Readonly<Record<string, string>>, paths: readonly string[]): void {
  for (const [path, role] of Object.entries(roles)) {
    if (!paths.includes(path)) {
      throw new RegistryError("usage", `there is no artifact ${path} to give the role ${role}`, {
        hint: `the artifacts are ${paths.slice(0, 5).join(", ")}`,
      });
    }
    if (ROLE_PATTERN.test(role)) continue;
    throw new RegistryError("usage", `${JSON.stringify(role)} cannot be a role: lower-case letters, digits and -`);
  }
}

function sourceOf({ source, details }: ManifestParts): unknown {
  const told = details.source;
  if (told !== undefined && (typeof told !== "object" || told === null)) return told;
  const merged = { ...source, ...(told as object | undefined) };
  return Object.keys(merged).length === 0 ? undefined : merged;
}

function artifactTree({ path, pointer, role }: BroughtArtifact, roles: Readonly<Record<string, string>>): unknown {
  const chosen = Object.hasOwn(roles, path) ? roles[path] : (role ?? DEFAULT_ROLE);
  return { path, role: chosen, format: formatOfPath(path), sha256: pointer.sha256, size: pointer.size };
}

/** Numbers of a program become Decimals; what is not finite stays, and is refused by the schema. `usage` for the key `__proto__`, which a schema would pass over. */
export function withDecimals(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? Decimal.fromNumber(value) : value;
  if (Array.isArray(value)) return value.map(withDecimals);
  if (!isPlainMap(value)) return value;
  if (Object.hasOwn(value, "__proto__")) throw new RegistryError("usage", "__proto__ cannot be a key");
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withDecimals(inner)]));
}

/** A Date or a Map has no entries to speak of: it stays as it is, and the schema refuses it. */
function isPlainMap(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (!isPlainMap(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutUndefined(inner)]));
}

function withoutUserinfo(manifest: Manifest): Manifest {
  const clean = (uri: string | undefined) => (uri === undefined ? undefined : stripUserinfo(uri));
  const { source, evaluation } = manifest;
  return {
    ...manifest,
    data: manifest.data.map((one) => ({ ...one, uri: clean(one.uri) })),
    source: source && { ...source, repository: clean(source.repository), run: clean(source.run) },
    evaluation: evaluation?.dataset
      ? { ...evaluation, dataset: { ...evaluation.dataset, uri: clean(evaluation.dataset.uri) } }
      : evaluation,
  };
}

function codeOf(message: string): ErrorCode {
  if (/^(?:metrics|slices)\b/.test(message)) return "metrics-invalid";
  return /^evaluation\b/.test(message) ? "evaluation-invalid" : "manifest-invalid";
}

function what(code: ErrorCode): string {
  if (code === "metrics-invalid") return "the metrics";
  return code === "evaluation-invalid" ? "the evaluation" : "the manifest";
}
