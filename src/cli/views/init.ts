import { relative } from "node:path";
import type { InitAnswer } from "../../operations/answers.ts";
import { faint, type Line, strong } from "../text/span.ts";
import { labelled } from "./parts.ts";

/** What `init` made, and what to type next. */
export function initView(answer: InitAnswer, directory: string): readonly Line[] {
  const { created, existing, stages } = answer;
  const where = nearPath(answer.registry, directory);
  const isBranch = (name: string) => name.includes("stage/");
  const files = created.filter((name) => !isBranch(name));
  const branches = created.filter(isBranch);
  const head: Line =
    created.length === 0
      ? [`Nothing to add: the registry ${answer.name} in `, strong(where), " has everything."]
      : [`${existing.length === 0 ? "Created" : "Completed"} the registry ${answer.name} in `, strong(where)];
  return [
    head,
    ...(files.length === 0 ? [] : [labelled("files", files.join(" · "))]),
    ...(branches.length === 0 ? [] : [labelled("branches", branches.join(" · "))]),
    ...(existing.length === 0 || created.length === 0 ? [] : [labelled("kept", existing.join(" · "))]),
    ...(stages.length === 0 ? [] : [labelled("stages", stages.join(", then "))]),
    ...answer.next.map((line, index): Line => [faint(index === 0 ? "Next: " : "      "), line]),
  ];
}

function nearPath(path: string, directory: string): string {
  const near = relative(directory, path);
  if (near === "") return ".";
  return near.startsWith("..") || near.length > path.length ? path : `./${near}`;
}
