import { Decimal } from "../domain/metric/decimal.ts";
import type { EvaluationContext } from "../domain/metric/measured.ts";
import type { Metric, Metrics, Slices } from "../domain/metric/metric.ts";
import { block, flow, type Node, type NodeMap, sortedEntries } from "./canonical-yaml.ts";
import { stripUserinfo } from "./strip-userinfo.ts";

/** The parts that manifests and evaluations write alike; undefined where there is nothing to write. */

export function metricsNode(metrics: Metrics): NodeMap | undefined {
  return unlessEmpty(block(sortedEntries(metrics, metricNode)));
}

export function slicesNode(slices: Slices): NodeMap | undefined {
  const measured = Object.entries(slices).filter(([, metrics]) => Object.keys(metrics).length > 0);
  return unlessEmpty(
    block(sortedEntries(Object.fromEntries(measured), (metrics) => flow(sortedEntries(metrics, metricNode)))),
  );
}

export function evaluationNode(evaluation: EvaluationContext | undefined): NodeMap | undefined {
  if (evaluation === undefined) return undefined;
  const { dataset, code } = evaluation;
  const entries = block([
    ["name", dataset?.name],
    ["uri", withoutUserinfo(dataset?.uri)],
    ["sha256", dataset?.sha256],
  ]);
  return unlessEmpty(
    block([
      ["dataset", unlessEmpty(entries)],
      ["code", code],
    ]),
  );
}

export function withoutUserinfo(url: string | undefined): string | undefined {
  return url === undefined ? undefined : stripUserinfo(url);
}

export function unlessEmpty(map: NodeMap): NodeMap | undefined {
  return map.entries.some(([, value]) => value !== undefined) ? map : undefined;
}

function metricNode(metric: Metric): Node {
  if (metric instanceof Decimal) return metric;
  return flow([
    ["value", metric.value],
    ["n", metric.n === undefined ? undefined : Decimal.fromNumber(metric.n)],
  ]);
}
