import type { CommandSpec } from "../command.ts";
import { MARKDOWN, MODEL, OPTIONAL_MODEL, REQUIRED_STAGE } from "./options.ts";

export const REQUEST_COMMANDS: readonly CommandSpec[] = [
  {
    name: "pr list",
    group: "requests",
    summary: "List the open requests",
    arguments: [],
    options: [],
    examples: [
      { command: "git model pr list", says: "Every open request with its verdict" },
      { command: "git model pr list --json", says: "For a program" },
      { command: "git model -C models pr list", says: "Of another registry" },
    ],
  },
  {
    name: "pr show",
    group: "requests",
    summary: "Show a request and judge it now",
    arguments: [MODEL],
    options: [REQUIRED_STAGE],
    examples: [
      { command: "git model pr show fraud --stage production", says: "What the gates say" },
      { command: "git model pr show fraud --stage production --json", says: "With the report as Markdown" },
      { command: "git model pr show vision/resnet50 --stage staging", says: "Of another model" },
    ],
  },
  {
    name: "pr merge",
    group: "requests",
    summary: "Review a request and merge it",
    arguments: [MODEL],
    options: [REQUIRED_STAGE],
    examples: [
      { command: "git model pr merge fraud --stage production", says: "Merges only what the review accepts" },
      { command: "git model pr merge fraud --stage staging", says: "On another stage" },
      { command: "git model pr merge fraud --stage production --json", says: "For a program" },
    ],
  },
  {
    name: "pr close",
    group: "requests",
    summary: "Close a request without merging it",
    arguments: [MODEL],
    options: [REQUIRED_STAGE],
    examples: [
      { command: "git model pr close fraud --stage production", says: "Its branch is deleted" },
      { command: "git model pr close fraud --stage staging", says: "On another stage" },
      { command: "git model pr close fraud --stage production --json", says: "For a program" },
    ],
  },
  {
    name: "review",
    group: "requests",
    summary: "Judge a change of a stage, as CI does",
    arguments: [OPTIONAL_MODEL],
    options: [
      { name: "--stage", value: "STAGE", completes: "stage", says: "With MODEL: its open request on this stage" },
      { name: "--base", value: "GITREF", says: "The stage's side of a change" },
      { name: "--head", value: "GITREF", says: "The change itself" },
      MARKDOWN,
    ],
    examples: [
      { command: "git model review", says: "The only open request" },
      {
        command: "git model review fraud --stage production --markdown",
        says: "The report as a comment would show it",
      },
      {
        command: "git model review --base origin/stage/production --head origin/promote/production/fraud",
        says: "Any two commits",
      },
    ],
    notes: ["Exit 0: accept. Exit 1: refuse, or wait where only time is lacking."],
  },
];
