import { formatBytes } from "../../documents/format-number.ts";
import { metricValue } from "../../domain/metric/metric.ts";
import type { ShowAnswer } from "../../operations/answers.ts";
import { bad, faint, good, type Line, type Span, strong, type View, warn } from "../text/span.ts";
import { alignedRows, type Column } from "../text/table.ts";
import { formatTime } from "../text/time.ts";
import { cardLines } from "./card.ts";
import { valueText } from "./diff.ts";
import { listed, next, paragraph, short } from "./parts.ts";
import { metadataLines, originLines, signatureLines } from "./show-origin.ts";

/** A page about a version: what it is, how good, where it runs, what is in it, how it came to be, what to type. */
export function showView(answer: ShowAnswer, view: View & { readonly firstStage: string | null }): readonly Line[] {
  const { manifest } = answer;
  return [
    ...title(answer, view),
    ...part("", manifest.description === undefined ? [] : paragraph(manifest.description, view)),
    ...part(
      "New in this version",
      manifest.changelog.flatMap((text) => bullet(text, view)),
    ),
    ...part("Metrics", metricLines(answer, view)),
    ...part("Slices", sliceLines(answer, view)),
    ...part("Measured later", evaluationLines(answer, view)),
    ...part("Releases", releaseLines(answer, view)),
    ...part("Files", fileLines(answer, view)),
    ...part("Signature", signatureLines(manifest, view)),
    ...part(
      "Parameters",
      pairLines(
        Object.entries(manifest.params).map(([key, value]) => [key, valueText(value)]),
        view,
      ),
    ),
    ...part("Made from", originLines(manifest, view)),
    ...part("Labels", pairLines(Object.entries(manifest.labels), view)),
    ...part("Metadata", metadataLines(manifest.metadata)),
    ...part("Model card", answer.card === null ? [] : cardLines(answer.card, view)),
    ...part("", nextLines(answer, view)),
  ];
}

function part(name: string, lines: readonly Line[]): readonly Line[] {
  if (lines.length === 0) return [];
  return [[], ...(name === "" ? [] : [[strong(name)]]), ...lines];
}

function title(answer: ShowAnswer, view: View): readonly Line[] {
  const { model, version, manifest, stages } = answer;
  const { framework } = manifest;
  const tool = framework === undefined ? [] : [[framework.name, framework.version].filter(Boolean).join(" ")];
  const kind = [...(manifest.task === undefined ? [] : [manifest.task]), ...tool];
  const where: Span = stages.length === 0 ? faint("on no stage") : good(`on ${listed(stages)}`);
  const standing: Line = ["  ", where, ...(kind.length === 0 ? [] : [` · ${kind.join(" · ")}`])];
  return [
    [strong(`${model} ${version}`), ...(manifest.title === undefined ? [] : [` · ${manifest.title}`])],
    standing,
    [
      "  ",
      faint(
        `registered ${formatTime(answer.createdAt, view)} by ${answer.author} · commit ${commitText(answer, view)}`,
      ),
    ],
    ...(answer.published ? [] : [["  ", warn("draft: not published, nobody else has it yet")]]),
    ...(answer.yanked === null
      ? []
      : [["  ", bad(`yanked ${formatTime(answer.yanked.at, view)}: ${answer.yanked.reason}`)]]),
  ];
}

function commitText({ commit }: ShowAnswer, { isTerminal }: View): string {
  if (commit === null) return "none";
  return isTerminal ? short(commit) : commit;
}

function bullet(text: string, view: View): readonly Line[] {
  return paragraph(text, view, "    ").map((line, index) => (index === 0 ? ["  - ", ...line.slice(1)] : line));
}

const NUMBER_COLUMNS: readonly Column[] = [{ title: "" }, { title: "", align: "right" }, { title: "", empty: "" }];

function metricLines({ manifest }: ShowAnswer, view: View): readonly Line[] {
  const rows = Object.entries(manifest.metrics).map(([name, metric]) => {
    const counted = "n" in metric && metric.n !== undefined ? faint(`n = ${metric.n}`) : "";
    return [name, metricValue(metric).text, counted];
  });
  const { dataset, code } = manifest.evaluation ?? {};
  const on =
    dataset?.name ??
    dataset?.uri ??
    (dataset?.sha256 === undefined ? undefined : `sha256 ${dataset.sha256.slice(0, 12)}`);
  const context = [
    ...(on === undefined ? [] : [`on ${on}`]),
    ...(code === undefined ? [] : [`by ${/^[0-9a-f]{40,}$/.test(code) ? short(code) : code}`]),
  ];
  const lines = alignedRows(NUMBER_COLUMNS, rows, { available: view.columns, indent: 2 });
  return rows.length === 0 || context.length === 0
    ? lines
    : [...lines, ["  ", faint(`measured ${context.join(", ")}`)]];
}

function sliceLines({ manifest }: ShowAnswer, view: View): readonly Line[] {
  const rows = Object.entries(manifest.slices).flatMap(([slice, metrics]) =>
    Object.entries(metrics).map(([name, metric], index) => [index === 0 ? slice : " ", name, metricValue(metric).text]),
  );
  const columns: readonly Column[] = [{ title: "", shrinks: true }, { title: "" }, { title: "", align: "right" }];
  return alignedRows(columns, rows, { available: view.columns, indent: 2 });
}

function evaluationLines({ evaluations }: ShowAnswer, view: View): readonly Line[] {
  return evaluations.flatMap(({ at, kind, evaluation, metrics }): readonly Line[] => {
    const on = evaluation?.dataset?.name ?? evaluation?.dataset?.uri ?? null;
    const numbers = Object.entries(metrics).map(([name, value]) => `${name} ${value.text}`);
    const when = at === null ? "" : ` · ${formatTime(at, view)}`;
    return [
      ["  ", `${kind}${on === null ? "" : ` on ${on}`}`, faint(when)],
      ...paragraph(numbers.join(" · "), view, "    "),
    ];
  });
}

function releaseLines({ releases }: ShowAnswer, view: View): readonly Line[] {
  const rows = releases.map(({ stage, number, at, until }) => [
    `${stage} #${number}`,
    formatTime(at, view),
    until === null ? good("holds it now") : `until ${formatTime(until, view)}`,
  ]);
  return alignedRows([{ title: "" }, { title: "" }, { title: "" }], rows, { available: view.columns, indent: 2 });
}

function fileLines({ manifest }: ShowAnswer, view: View): readonly Line[] {
  const rows = manifest.artifacts.map(({ path, role, format, size, sha256 }) => [
    path,
    role,
    format,
    formatBytes(size),
    faint(`sha256 ${view.isTerminal ? sha256.slice(0, 12) : sha256}`),
  ]);
  const columns: readonly Column[] = [
    { title: "", shrinks: true },
    { title: "" },
    { title: "" },
    { title: "", align: "right" },
    { title: "" },
  ];
  return alignedRows(columns, rows, { available: view.isTerminal ? view.columns : 1000, indent: 2 });
}

function pairLines(pairs: readonly (readonly [string, string])[], view: View): readonly Line[] {
  const available = view.isTerminal ? view.columns : 10_000;
  return alignedRows([{ title: "" }, { title: "", shrinks: true }], pairs, { available, indent: 2 });
}

function nextLines(
  { model, version, stages, yanked, published }: ShowAnswer,
  view: View & { readonly firstStage: string | null },
): readonly Line[] {
  const id = `${model}@${version}`;
  if (yanked !== null) return [];
  if (!published) return next(view, "git model push");
  if (stages.length > 0) return next(view, `git model pull ${id} -o ${model.split("/").at(-1)}`);
  return next(
    view,
    `git model promote ${id} --to ${view.firstStage ?? "STAGE"}`,
    `git model pull ${id} -o ${model.split("/").at(-1)}`,
  );
}
