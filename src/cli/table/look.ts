import type { CommandSpec } from "../command.ts";
import { LIMIT, MARKDOWN, OPTIONAL_MODEL, READ_OPTIONS, REF } from "./options.ts";

export const LOOK_COMMANDS: readonly CommandSpec[] = [
  {
    name: "list",
    group: "look",
    summary: "List models, or the versions of one",
    arguments: [OPTIONAL_MODEL],
    options: [
      { name: "--stage", value: "STAGE", completes: "stage", says: "Only what this stage holds" },
      { name: "--label", value: "K=V", repeats: true, says: "Only with this label" },
      { name: "--where", value: "CONDITION", says: "Only where it holds: 'f1>=0.9 and not labels.team = risk'" },
      { name: "--sort", value: "METRIC", says: "Best first by a metric, or by score" },
      LIMIT,
      { name: "--all", says: "No limit; versions are limited to 20 otherwise" },
      ...READ_OPTIONS,
    ],
    examples: [
      { command: "git model list", says: "Every model and what each stage holds" },
      { command: "git model list fraud --sort f1", says: "The versions of a model, best first" },
      {
        command: "git model list fraud --where 'f1>=0.9 and latency_p95_ms<50'",
        says: "Those that fulfil a condition",
      },
    ],
    notes: ["Without MODEL, conditions and labels are those of each model's latest version."],
  },
  {
    name: "show",
    group: "look",
    summary: "Show everything about a version",
    arguments: [REF],
    options: READ_OPTIONS,
    examples: [
      { command: "git model show fraud", says: "The latest version" },
      { command: "git model show fraud@production", says: "What production holds" },
      { command: "git model show fraud@1.3.0 --json", says: "For a program" },
    ],
  },
  {
    name: "history",
    group: "look",
    summary: "Show what happened, newest first",
    arguments: [OPTIONAL_MODEL],
    options: [
      { name: "--stage", value: "STAGE", completes: "stage", says: "Only the events of this stage" },
      LIMIT,
      { name: "--all", says: "No limit; 20 events otherwise" },
      ...READ_OPTIONS,
    ],
    examples: [
      { command: "git model history", says: "The last 20 events of the registry" },
      { command: "git model history fraud", says: "Those of a model" },
      { command: "git model history fraud --stage production --all", says: "Everything that ran in production" },
    ],
  },
  {
    name: "diff",
    group: "look",
    summary: "Compare two versions: numbers, parameters, files, data",
    arguments: [
      { ...REF, name: "REF", says: "The version before" },
      { ...REF, name: "REF", says: "The version after" },
    ],
    options: [MARKDOWN, ...READ_OPTIONS],
    examples: [
      { command: "git model diff fraud@production fraud@1.3.0", says: "What a promotion would change" },
      { command: "git model diff fraud@1.2.0 fraud", says: "Up to the latest version" },
      { command: "git model diff fraud@production fraud@1.3.0 --markdown", says: "For pasting into a pull request" },
    ],
  },
  {
    name: "compare",
    group: "look",
    summary: "Put the metrics of several versions side by side",
    arguments: [{ ...REF, name: "MODEL|REF", required: false, variadic: true }],
    options: [
      { name: "--metric", value: "METRIC", repeats: true, says: "Only this metric" },
      { ...LIMIT, says: "At most N versions; default 20" },
      ...READ_OPTIONS,
    ],
    examples: [
      { command: "git model compare fraud", says: "The versions of a model, by score" },
      { command: "git model compare fraud@production fraud@1.3.0 fraud@1.3.1", says: "These three" },
      { command: "git model compare --metric f1", says: "Each model's latest version, by one metric" },
    ],
  },
  {
    name: "best",
    group: "look",
    summary: "Find the best version",
    arguments: [OPTIONAL_MODEL],
    options: [
      { name: "--metric", value: "M", says: "By this metric; default the policy's score" },
      { name: "--stage", value: "STAGE", completes: "stage", says: "Among versions ever released to it" },
      ...READ_OPTIONS,
    ],
    examples: [
      { command: "git model best fraud --metric f1", says: "By a metric" },
      { command: "git model best fraud", says: "By the policy's score" },
      { command: "git model best fraud --metric f1 --stage production", says: "Among those that production has seen" },
    ],
  },
  {
    name: "resolve",
    group: "look",
    summary: "Say which version a reference means",
    arguments: [REF],
    options: READ_OPTIONS,
    examples: [
      { command: "git model resolve fraud@production", says: "What production holds" },
      { command: "git model resolve 'fraud@^1.2'", says: "The highest version of a range" },
      { command: "git model resolve fraud#production~1", says: "What production held before" },
    ],
  },
];
