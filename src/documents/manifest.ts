import type { Finding } from "../domain/finding.ts";
import { Decimal } from "../domain/metric/decimal.ts";
import { MANIFEST_LIMIT, type Manifest, ManifestSchema } from "../domain/model/manifest.ts";
import { readCanonical } from "./canonical-reader.ts";
import {
  block,
  type Entry,
  flow,
  formatDocument,
  type Node,
  type NodeMap,
  Raw,
  sortedEntries,
  wholeNumber,
} from "./canonical-yaml.ts";
import { evaluationNode, metricsNode, slicesNode, unlessEmpty, withoutUserinfo } from "./measured-nodes.ts";
import { readDocument } from "./schema-findings.ts";

export type ManifestRead =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Reads manifest.yaml: any text within the strict subset (DETAILS 2). All that is wrong is answered at once. */
export function readManifest(bytes: string | Uint8Array, options: { readonly file?: string } = {}): ManifestRead {
  const known = readWritten(bytes);
  if (known !== null) return { ok: true, manifest: known };
  const read = readDocument(bytes, ManifestSchema, { file: options.file ?? "manifest.yaml", limit: MANIFEST_LIMIT });
  return read.ok ? { ok: true, manifest: read.value } : read;
}

/** The fast way for manifests of our own writing; null: whatever is wrong with it, the strict reader says it. */
function readWritten(bytes: string | Uint8Array): Manifest | null {
  if (bytes.length > MANIFEST_LIMIT / 3) return null;
  const tree = readCanonical(bytes);
  const checked = tree === null ? null : ManifestSchema.safeParse(tree);
  return checked?.success === true ? checked.data : null;
}

/**
 * The canonical text of a manifest (DETAILS 2 and 3): equal manifests give equal bytes, one changed metric is one
 * changed line. Empty maps and lists are left out, userinfo is stripped from URLs.
 */
export function writeManifest(manifest: Manifest): string {
  return formatDocument(
    block([
      ["schemaVersion", wholeNumber(manifest.schemaVersion)],
      ["model", manifest.model],
      ["version", new Raw(manifest.version)],
      ["title", manifest.title],
      ["description", manifest.description],
      ["task", manifest.task],
      ["framework", frameworkNode(manifest.framework)],
      ["artifacts", artifactsNode(manifest.artifacts)],
      ["metrics", metricsNode(manifest.metrics)],
      ["slices", slicesNode(manifest.slices)],
      ["evaluation", evaluationNode(manifest.evaluation)],
      ["params", freeMap(manifest.params)],
      ["data", dataNode(manifest.data)],
      ["source", sourceNode(manifest.source)],
      ["signature", signatureNode(manifest.signature)],
      ["changelog", unlessEmptyList(manifest.changelog)],
      ["labels", freeMap(manifest.labels)],
      ["metadata", freeMap(manifest.metadata)],
    ]),
  );
}

function frameworkNode(framework: Manifest["framework"]): NodeMap | undefined {
  if (framework === undefined) return undefined;
  return flow([
    ["name", framework.name],
    ["version", framework.version],
  ]);
}

function artifactsNode(artifacts: Manifest["artifacts"]): Node | undefined {
  const sorted = [...artifacts].sort((a, b) => (a.path < b.path ? -1 : 1));
  return unlessEmptyList(
    sorted.map(({ path, role, format, sha256, size }) =>
      flow([
        ["path", path],
        ["role", role],
        ["format", format],
        ["sha256", sha256],
        ["size", wholeNumber(size)],
      ]),
    ),
  );
}

function dataNode(data: Manifest["data"]): Node | undefined {
  return unlessEmptyList(
    data.map(({ name, uri, sha256, rows }) =>
      flow([
        ["name", name],
        ["uri", withoutUserinfo(uri)],
        ["sha256", sha256],
        ["rows", wholeNumber(rows)],
      ]),
    ),
  );
}

function sourceNode(source: Manifest["source"]): NodeMap | undefined {
  if (source === undefined) return undefined;
  return unlessEmpty(
    block([
      ["repository", withoutUserinfo(source.repository)],
      ["commit", source.commit],
      ["run", withoutUserinfo(source.run)],
      ["dirty", source.dirty],
      ["trainedAt", source.trainedAt],
    ]),
  );
}

function signatureNode(signature: Manifest["signature"]): NodeMap | undefined {
  if (signature === undefined) return undefined;
  return unlessEmpty(
    block([
      ["inputs", tensorsNode(signature.inputs)],
      ["outputs", tensorsNode(signature.outputs)],
    ]),
  );
}

type Tensors = NonNullable<Manifest["signature"]>["inputs"];

function tensorsNode(tensors: Tensors): Node | undefined {
  return unlessEmptyList(
    tensors.map(({ name, type, shape }) =>
      flow([
        ["name", name],
        ["type", type],
        ["shape", shape === undefined ? undefined : shape.map((size) => Decimal.fromNumber(size))],
      ]),
    ),
  );
}

/** A map whose keys and values people chose: everything in it is kept, only its keys are sorted. */
function freeMap(map: Readonly<Record<string, unknown>>): NodeMap | undefined {
  return unlessEmpty(block(freeEntries(map)));
}

function freeEntries(map: Readonly<Record<string, unknown>>): readonly Entry[] {
  return sortedEntries(map, freeNode);
}

function freeNode(value: unknown): Node {
  if (Array.isArray(value)) return value.map(freeNode);
  if (value instanceof Decimal || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Decimal.fromNumber(value);
  if (typeof value !== "object" || value === null) return null;
  return block(freeEntries(value as Readonly<Record<string, unknown>>));
}

function unlessEmptyList(list: readonly Node[]): readonly Node[] | undefined {
  return list.length === 0 ? undefined : list;
}
