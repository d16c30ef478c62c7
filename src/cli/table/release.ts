import type { CommandSpec } from "../command.ts";
import { DIRECT, DRY_RUN, MEASUREMENT_OPTIONS, MODEL, REF, REQUIRED_STAGE } from "./options.ts";

export const RELEASE_COMMANDS: readonly CommandSpec[] = [
  {
    name: "promote",
    group: "release",
    summary: "Bring versions to a stage",
    arguments: [{ ...REF, variadic: true }],
    options: [
      { name: "--to", value: "STAGE", completes: "stage", required: true, says: "The stage" },
      DIRECT,
      { name: "--if-passing", says: "Open no request that could not merge" },
      { name: "--message", short: "-m", value: "TEXT", says: "Added to the commit's message" },
      DRY_RUN,
    ],
    examples: [
      { command: "git model promote fraud@1.3.0 --to staging", says: "Open a request, judged by the gates" },
      { command: "git model promote fraud@1.3.0 --to production --dry-run", says: "What the gates would say" },
      { command: "git model promote fraud vision/resnet50 --to staging --direct", says: "Two models, at once" },
    ],
    notes: ["A version that the stage held before is a rollback, and is said to be one."],
  },
  {
    name: "rollback",
    group: "release",
    summary: "Take a stage back to the previous release",
    arguments: [
      { name: "MODEL[@V]", says: "The model; with @V back to a version that was released there", completes: "ref" },
    ],
    options: [REQUIRED_STAGE, DIRECT, DRY_RUN],
    examples: [
      { command: "git model rollback fraud --stage production", says: "Back to the release before" },
      { command: "git model rollback fraud --stage production --direct", says: "At once, without a request" },
      { command: "git model rollback fraud@1.1.0 --stage production", says: "Back to this one" },
    ],
    notes: ["A rollback is judged on invariants only: its gates are shown as warnings."],
  },
  {
    name: "demote",
    group: "release",
    summary: "Take a model off a stage",
    arguments: [MODEL],
    options: [REQUIRED_STAGE, DIRECT],
    examples: [
      { command: "git model demote fraud --stage staging", says: "Open a request" },
      { command: "git model demote fraud --stage staging --direct", says: "At once" },
      { command: "git model demote vision/resnet50 --stage edge", says: "From a stage that is kept by tags" },
    ],
  },
  {
    name: "yank",
    group: "release",
    summary: "Withdraw a version for good",
    arguments: [REF],
    options: [{ name: "--reason", value: "TEXT", required: true, says: "Why, on one line; everybody sees it" }],
    examples: [
      { command: 'git model yank fraud@1.2.8 --reason "trained on leaked labels"', says: "Asks first, on a terminal" },
      { command: 'git model yank fraud@1.2.8 --reason "wrong tokenizer" --yes', says: "Without being asked" },
      { command: 'git model yank fraud@1.2.8 --reason "licence" --json', says: "From a program" },
    ],
    notes: [
      "Final. The version stays readable under its own number; ranges, latest and best pass over it, and no stage takes " +
        "it again. Refused while a stage holds it.",
    ],
  },
  {
    name: "discard",
    group: "release",
    summary: "Remove a draft that was never pushed",
    arguments: [REF],
    options: [],
    examples: [
      { command: "git model discard fraud@1.3.1", says: "Asks first, on a terminal" },
      { command: "git model discard fraud@1.3.1 --yes", says: "Without being asked" },
      { command: "git model discard fraud@1.3.1 --json", says: "From a program" },
    ],
  },
  {
    name: "evaluate",
    group: "measure",
    summary: "Add a measurement to a registered version",
    arguments: [REF],
    options: [
      { name: "--metrics", value: "F", completes: "file", required: true, says: "The measured metrics, JSON or YAML" },
      ...MEASUREMENT_OPTIONS,
      { name: "--live", says: "Measured in use, not on a data set" },
      { name: "--at", value: "ISO", says: "When it was measured" },
      { name: "--note", value: "TEXT", says: "A remark" },
      {
        name: "--check",
        value: "STAGE",
        completes: "stage",
        says: "Judge it by this stage's gates; exit 1 if one blocks",
      },
      { name: "--no-push", says: "Keep it here" },
    ],
    examples: [
      {
        command: "git model evaluate fraud@production --metrics metrics.json --evaluation holdout.json",
        says: "The champion on a new holdout",
      },
      { command: "git model evaluate fraud@production --metrics - --live", says: "From monitoring, by standard input" },
      {
        command: "git model evaluate fraud@1.3.0 --metrics metrics.json --check production",
        says: "Recorded, and judged by production's gates",
      },
    ],
  },
];
