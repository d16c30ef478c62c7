import type { RequestAnswer, RequestListAnswer, ReviewAnswer } from "../../operations/answers.ts";
import { bad, faint, good, type Line, type Span, strong, type View, warn } from "../text/span.ts";
import { table } from "../text/table.ts";
import { judgementLines } from "./judgement.ts";
import { next, short, versionText } from "./parts.ts";
import { headline, isJudged } from "./promotion.ts";

type Status = RequestAnswer["status"];

const STATUS: Readonly<Record<Status, Span>> = {
  accept: good("accept"),
  wait: warn("wait"),
  refuse: bad("refuse"),
  error: bad("error"),
};

/** The open requests, each with its verdict. */
export function requestListView({ promotions }: RequestListAnswer, view: View): readonly Line[] {
  if (promotions.length === 0) return view.isTerminal ? [["No open requests."]] : [];
  const columns = [
    { title: "model" },
    { title: "stage" },
    { title: "change" },
    { title: "from" },
    { title: "to" },
    { title: "verdict" },
    { title: "where", shrinks: true },
  ];
  const rows = promotions.map((one) => [
    strong(one.model),
    one.stage,
    one.change,
    one.from ?? "",
    one.to ?? "",
    STATUS[one.status],
    faint(`${one.url ?? one.branch}${one.draft ? " (draft)" : ""}`),
  ]);
  return table(columns, rows, { view });
}

/** One request, judged now. */
export function requestView(answer: RequestAnswer, view: View): readonly Line[] {
  const { model, stage, status } = answer;
  const command = status === "accept" ? "merge" : "close";
  return [
    headline(answer),
    ["  ", faint(answer.url ?? answer.branch ?? "")],
    ...judgementLines(answer, view, isJudged(answer.change)),
    verdictLine(status),
    ...(answer.url === null ? next(view, `git model pr ${command} ${model} --stage ${stage}`) : []),
  ];
}

/** A judged change, and what the judgement rests on. */
export function reviewView(answer: ReviewAnswer, view: View): readonly Line[] {
  const { verdict, change, model, from, to, stage, head, base, policy } = answer;
  const what = model === null ? `Change of ${stage}` : `${model} ${versionText(from)} → ${versionText(to)} · ${stage}`;
  return [
    ["Review of ", strong(what)],
    ...judgementLines(answer, view, isJudged(change)),
    verdictLine(verdict),
    [
      faint(
        `  judged at ${short(head)} against stage/${stage} ${short(base)}${policy === null ? "" : ` · policy ${short(policy)}`}`,
      ),
    ],
  ];
}

function verdictLine(status: Status): Line {
  const words: Readonly<Record<Status, string>> = {
    accept: "it may merge.",
    wait: "only time is lacking.",
    refuse: "it may not merge.",
    error: "it could not be judged.",
  };
  return ["Verdict: ", STATUS[status], ` — ${words[status]}`];
}
