import { formatBytes } from "../../documents/format-number.ts";
import type { ResolveAnswer } from "../../operations/answers.ts";
import { faint, type Line, strong, type View, warn } from "../text/span.ts";
import { alignedRows } from "../text/table.ts";

/** What a reference means; piped it is the tag alone, for scripts. */
export function resolveView(answer: ResolveAnswer, view: View): readonly Line[] {
  const { model, version, tag, commit, stage, yanked, artifacts } = answer;
  if (!view.isTerminal) return [[tag]];
  const rows = artifacts.map(({ path, size, role }) => [path, formatBytes(size), faint(role)]);
  return [
    [strong(`${model}@${version}`), stage === null ? "" : ` on ${stage}`, yanked ? warn("   yanked") : ""],
    [faint(`  tag ${tag} · commit ${commit ?? "none"}`)],
    ...alignedRows([{ title: "" }, { title: "", align: "right" }, { title: "" }], rows, {
      available: view.columns,
      indent: 2,
    }),
  ];
}
