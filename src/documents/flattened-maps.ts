import type * as z from "zod";
import type { Finding } from "../domain/finding.ts";
import { Decimal } from "../domain/metric/decimal.ts";
import { byPlace, checkTree, type DocumentRead, locatedFinding, type Problem, type Source } from "./schema-findings.ts";
import { FINDING_LIMIT } from "./yaml-problems.ts";
import { describeTree, isTreeMap, type Place, type Tree, type TreeMap, type TreePath } from "./yaml-tree.ts";

/** A nested map made flat: keys joined with `.`, and where in the document each of them came from. */
interface Flat {
  readonly map: TreeMap;
  readonly origins: ReadonlyMap<string, TreePath>;
  readonly problems: readonly Problem[];
}

/** How a map is made flat. */
export interface Flattening {
  /** Maps that are values themselves and stay whole. */
  readonly keep: (map: TreeMap) => boolean;
  /** Where the map stands in its document. */
  readonly base?: TreePath;
}

/** Makes a nested map flat (DESIGN section 1, "Names") and checks it; findings point at the nested keys. */
export function checkFlattened<S extends z.ZodType>(
  tree: Tree,
  schema: S,
  options: Flattening & { readonly source: Source },
): DocumentRead<z.output<S>> {
  const { source, keep, base = [] } = options;
  if (!isTreeMap(tree)) return { ok: false, findings: [notAMap(tree, base, source)] };
  const flat = flatten(tree, { keep, base });
  const locate = (path: TreePath, what?: "key" | "value"): Place | null =>
    source.locate(original(flat, path, base), what);
  const checked = checkTree(flat.map, schema, { file: source.file, locate });
  const findings: readonly Finding[] = [
    ...flat.problems.slice(0, FINDING_LIMIT).map((problem) => locatedFinding(problem, source)),
    ...(checked.ok ? [] : checked.findings),
  ];
  if (findings.length > 0) return { ok: false, findings: [...findings].sort(byPlace) };
  return checked;
}

function notAMap(tree: Tree, base: TreePath, source: Source): Finding {
  const message = `expected a map from names to values, found ${describeTree(tree)}`;
  return locatedFinding({ code: "invalid-value", path: base, message, hint: null, at: "value" }, source);
}

function original(flat: Flat, path: TreePath, base: TreePath): TreePath {
  const [key, ...rest] = path;
  return [...(flat.origins.get(String(key)) ?? base), ...rest];
}

function flatten(tree: TreeMap, options: Required<Flattening>): Flat {
  const entries = new Map<string, Tree>();
  const origins = new Map<string, TreePath>();
  const problems: Problem[] = [];
  const visit = (map: TreeMap, path: TreePath, prefix: string): void => {
    for (const [key, value] of Object.entries(map)) {
      const here = [...path, key];
      const name = `${prefix}${key}`;
      if (isTreeMap(value) && !options.keep(value)) {
        visit(value, here, `${name}.`);
        continue;
      }
      if (entries.has(name)) problems.push(doubled(name, here));
      entries.set(name, value);
      origins.set(name, here);
    }
  };
  visit(tree, options.base, "");
  return { map: Object.fromEntries(entries), origins, problems };
}

function doubled(name: string, path: TreePath): Problem {
  return {
    code: "duplicate-key",
    path,
    message: `${name} is given twice, nested and with a point`,
    hint: null,
    at: "key",
  };
}

/** True for `{value: 0.88, n: 20000}`, a metric with its number of samples. */
export function isCountedMetric(map: TreeMap): boolean {
  const keys = Object.keys(map);
  return map.value instanceof Decimal && keys.every((key) => key === "value" || key === "n");
}
