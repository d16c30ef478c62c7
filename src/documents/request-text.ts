import type { Change } from "../domain/promotion/request-branch.ts";
import { codeSpan, prose } from "./markdown.ts";
import { visibleText } from "./visible-text.ts";

/** What a request is to change, for its title. */
export interface RequestSubject {
  readonly change: Change;
  readonly model: string;
  readonly from: string | null;
  /** Null for a demote. */
  readonly to: string | null;
  readonly stage: string;
}

/** What a request's body tells people; programs read trees, never this text. */
export interface RequestNews {
  readonly changelog: readonly string[];
  readonly runUrl: string | null;
  /** What its author says, `--message`. */
  readonly message: string | null;
}

const BODY_LIMIT = 100;

/** `Promote fraud 1.2.9 → 1.3.0 to production`: one line of plain text. */
export function requestTitle({ change, model, from, to, stage }: RequestSubject): string {
  const versions = [from, to].filter((version) => version !== null).join(" → ");
  const titles: Readonly<Record<Change, string>> = {
    release: `Promote ${model} ${versions} to ${stage}`,
    rollback: `Roll back ${model} ${versions} on ${stage}`,
    demote: `Demote ${model} ${from ?? ""} from ${stage}`,
  };
  return visibleText(titles[change], 250);
}

/** Changelog, training run and message in Markdown; every untrusted text is inert. */
export function requestBody({ changelog, runUrl, message }: RequestNews): string {
  const entries = changelog.flatMap(textLines).map((line) => `- ${codeSpan(line)}`);
  const parts = [
    ...(entries.length === 0 ? [] : [["What is new:", "", ...entries.slice(0, BODY_LIMIT)].join("\n")]),
    ...(runUrl === null ? [] : [`Trained by ${codeSpan(runUrl)}`]),
    ...(message === null ? [] : textLines(message).slice(0, BODY_LIMIT).map(prose)),
  ];
  return `${parts.join("\n\n")}\n`;
}

function textLines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
