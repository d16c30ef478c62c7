import { Decimal } from "../../domain/metric/decimal.ts";
import type { Manifest } from "../../domain/model/manifest.ts";
import { faint, type Line, type View } from "../text/span.ts";
import { alignedRows } from "../text/table.ts";
import { formatTime } from "../text/time.ts";
import { groupDigits, labelled, short } from "./parts.ts";

/** Training data and source code of a version. */
export function originLines({ data, source }: Manifest, view: View): readonly Line[] {
  const sets = data.map(({ name, uri, rows, sha256 }) =>
    [
      name,
      ...(rows === undefined ? [] : [`${groupDigits(rows)} rows`]),
      ...(uri === undefined ? [] : [uri]),
      ...(sha256 === undefined ? [] : [`sha256 ${sha256.slice(0, 12)}`]),
    ].join(" · "),
  );
  const commit = source?.commit === undefined ? [] : [view.isTerminal ? short(source.commit) : source.commit];
  const code = [
    ...(source?.repository === undefined ? [] : [source.repository]),
    ...commit,
    ...(source?.dirty ? ["with uncommitted changes"] : []),
  ];
  return [
    ...sets.map((text) => labelled("data", text)),
    ...(code.length === 0 ? [] : [labelled("code", code.join(" · "))]),
    ...(source?.run === undefined ? [] : [labelled("run", source.run)]),
    ...(source?.trainedAt === undefined ? [] : [labelled("trained", formatTime(source.trainedAt, view))]),
  ];
}

/** Inputs and outputs: `amount  float32[-1]`. */
export function signatureLines({ signature }: Manifest, view: View): readonly Line[] {
  const sides = [
    ["input", signature?.inputs ?? []],
    ["output", signature?.outputs ?? []],
  ] as const;
  const rows = sides.flatMap(([side, tensors]) =>
    tensors.map(({ name, type, shape }) => [
      faint(side),
      name,
      `${type ?? ""}${shape === undefined ? "" : `[${shape.join(", ")}]`}`,
    ]),
  );
  return alignedRows([{ title: "" }, { title: "", shrinks: true }, { title: "", empty: "" }], rows, {
    available: view.columns,
    indent: 2,
  });
}

/** Nested metadata, indented; scalars behind their key. */
export function metadataLines(metadata: unknown, indent = "  "): readonly Line[] {
  if (typeof metadata !== "object" || metadata === null) return [];
  return Object.entries(metadata).flatMap(([key, value]) => {
    const label = Array.isArray(metadata) ? "-" : `${key}:`;
    if (isScalar(value)) return [[indent, faint(label), ` ${String(value)}`]];
    return [[indent, faint(label)], ...metadataLines(value, `${indent}  `)];
  });
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value !== "object" || value instanceof Decimal;
}
