import { accepted, type Checked, type Parsed, refused } from "../parsed.ts";

/** A checked model name: 1 to 3 segments joined by `/` (DESIGN section 1, "Names"). */
export type ModelName = Checked<"ModelName">;

const SEGMENT = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;
const SEGMENT_LIMIT = 3;
const RESERVED_FIRST = new Set(["evaluations", "stage", "promote", "rollback", "demote", "refs"]);
const RESERVED_WHOLE = new Set(["head", "config"]);
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;
const OBJECT_NAME = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i;

/** Reads a model name; a refused one comes with the nearest allowed spelling as its hint. */
export function parseModelName(text: string): Parsed<ModelName> {
  const reason = reasonAgainst(text);
  if (reason === null) return accepted(text as ModelName);
  const near = nearest(text);
  return refused(reason, near === null ? null : `the nearest allowed name is ${near}`);
}

function reasonAgainst(text: string): string | null {
  const segments = text.split("/");
  if (text === "") return "a model name is empty";
  if (segments.length > SEGMENT_LIMIT) return `a model name has at most ${SEGMENT_LIMIT} segments`;
  if (RESERVED_WHOLE.has(text.toLowerCase())) return `${text} is a word of Git's own`;
  if (OBJECT_NAME.test(text)) return "a model name cannot look like a Git object id";
  const [first = ""] = segments;
  if (RESERVED_FIRST.has(first.toLowerCase())) {
    return `${first}/ holds branches of the registry, a model name cannot begin with it`;
  }
  for (const segment of segments) {
    const wrong = reasonAgainstSegment(segment);
    if (wrong !== null) return wrong;
  }
  return null;
}

function reasonAgainstSegment(segment: string): string | null {
  if (!SEGMENT.test(segment)) {
    return "each part of a model name is 1 to 64 letters, digits and . _ -, and begins and ends with a letter or digit";
  }
  if (segment.includes("..")) return "a model name cannot hold ..";
  if (segment.toLowerCase().endsWith(".lock")) return "a part of a model name cannot end in .lock";
  if (DEVICE.test(segment)) return `${segment} is a device name on Windows`;
  return null;
}

function nearest(text: string): string | null {
  const segments = text
    .normalize("NFKD")
    .replace(/[\u2010-\u2015]/g, "-")
    .split("/")
    .map(nearestSegment)
    .filter((segment) => segment !== "")
    .slice(0, SEGMENT_LIMIT);
  const name = segments.join("/");
  const candidates = [name, `model-${name}`, `model-${segments.join("-")}`.slice(0, 64)];
  return candidates.find((one) => one !== "" && reasonAgainst(one) === null) ?? null;
}

function nearestSegment(segment: string): string {
  return segment
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/\.{2,}/g, ".")
    .replace(/(?:\.lock)+$/i, "")
    .slice(0, 64)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}

/** Why a new name cannot stand beside the existing ones: a case twin, or a path prefix of one. Null: it can. */
export function findNameConflict(
  name: ModelName,
  existing: Iterable<ModelName>,
): { readonly with: ModelName; readonly message: string } | null {
  const lower = name.toLowerCase();
  for (const other of existing) {
    if (other === name) continue;
    const theirs = other.toLowerCase();
    if (theirs === lower) {
      return { with: other, message: `${name} and ${other} differ only in case` };
    }
    if (theirs.startsWith(`${lower}/`) || lower.startsWith(`${theirs}/`)) {
      return { with: other, message: `${name} and ${other}: one model's name cannot be a folder of another's` };
    }
  }
  return null;
}

/** An existing name that reads like the new one (`resnet_50` beside `resnet-50`), worth a warning. */
export function findLookalike(name: ModelName, existing: Iterable<ModelName>): ModelName | null {
  const shape = shapeOf(name);
  for (const other of existing) {
    if (other !== name && shapeOf(other) === shape) return other;
  }
  return null;
}

function shapeOf(name: string): string {
  return name.toLowerCase().replace(/[._-]/g, "");
}
