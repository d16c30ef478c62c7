import { formatBytes } from "../../documents/format-number.ts";
import type { PullAnswer, PulledModel } from "../../operations/answers.ts";
import { faint, type Line, strong, type View, warn } from "../text/span.ts";
import { table } from "../text/table.ts";
import { count } from "./parts.ts";

/** What was handed out and where it lies; piped: a row a model. */
export function pullView({ models }: PullAnswer, view: View): readonly Line[] {
  if (!view.isTerminal) {
    const columns = [{ title: "requested" }, { title: "used" }, { title: "version" }, { title: "path" }];
    return table(
      columns,
      models.map(({ requested, used, version, path }) => [requested, used, version ?? "", path]),
      { view },
    );
  }
  return models.flatMap(modelLines);
}

function modelLines(one: PulledModel): readonly Line[] {
  const { model, version, path, files, changed, requested, used, fallback } = one;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const what = version === null ? used : `${model}@${version}`;
  const loaded = files.filter(({ source }) => source === "lfs").length;
  const part = loaded === files.length ? "downloaded" : `${loaded} of them downloaded`;
  const from = loaded === 0 ? "from the cache" : part;
  const how = version === null ? "a folder of yours, not verified" : `${from}, verified`;
  return [
    [strong(what), " → ", strong(path), ...(changed ? [] : [faint("   unchanged")])],
    ["  ", faint(`${count(files.length, "file")}, ${formatBytes(size)}, ${how}`)],
    ...(fallback ? [["  ", warn(`fallback: ${requested} could not be had, ${used} is used instead`)]] : []),
  ];
}
