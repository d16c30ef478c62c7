import type { CommandSpec } from "../command.ts";
import { DRY_RUN, MEASUREMENT_OPTIONS, MODEL } from "./options.ts";

export const START_COMMANDS: readonly CommandSpec[] = [
  {
    name: "init",
    group: "start",
    summary: "Create a registry, or add what one is missing",
    arguments: [{ name: "DIR", says: "Its directory; default the current one", completes: "folder", required: false }],
    options: [
      { name: "--name", value: "N", says: "Name of the registry; default that of the directory" },
      { name: "--stages", value: "A,B", says: "Stages in the order of promotion; default staging,production" },
      {
        name: "--forge",
        value: "FORGE",
        choices: ["git", "local"],
        says: "Where requests live: local, or git: local with an update hook for the server",
      },
      { name: "--shared", says: "Allow a repository that already holds code" },
      { name: "--no-push", says: "Keep the branches here" },
    ],
    examples: [
      { command: "git model init models", says: "A registry in ./models with staging and production" },
      {
        command: "git model init --stages dev,staging,production",
        says: "Three stages, each fed by the one before it",
      },
      { command: "git model init --shared", says: "In a repository that holds code" },
    ],
    notes: [
      "Makes the Git repository where there is none, commits registry.yaml on the default branch and creates the stage " +
        "branches. Run again it adds what is missing and changes nothing that people edited.",
    ],
  },
  {
    name: "register",
    group: "start",
    summary: "Register files as a new version of a model",
    arguments: [
      MODEL,
      {
        name: "FILE|DIR",
        says: "Files keep their base name; a folder gives the paths below it, its README.md becomes the card",
        completes: "file",
        required: false,
        variadic: true,
      },
    ],
    options: [
      { name: "--version", value: "V", says: "This version; else the next one" },
      {
        name: "--bump",
        value: "PART",
        choices: ["major", "minor", "patch"],
        says: "Which next version; default patch",
      },
      { name: "--metrics", value: "F", completes: "file", says: "Metrics in JSON or YAML; nested maps are flattened" },
      { name: "--metric", value: "K=V", repeats: true, says: "One metric; wins over --metrics" },
      { name: "--params", value: "F", completes: "file", says: "Training parameters in JSON or YAML" },
      { name: "--param", value: "K=V", repeats: true, says: "One parameter: a number, true, false or text" },
      ...MEASUREMENT_OPTIONS,
      { name: "--role", value: "FILE=ROLE", repeats: true, says: "What an artifact is for; default model" },
      {
        name: "--data",
        value: "name=…,uri=…",
        repeats: true,
        says: "Training data: name, uri, sha256, rows",
      },
      { name: "--source", value: "K=V", repeats: true, says: "repository, commit, run, dirty or trainedAt" },
      { name: "--title", value: "TEXT", says: "One line for people" },
      { name: "--description", value: "TEXT", says: "What the model does and how it was made" },
      { name: "--framework", value: "NAME@V", says: "What it was trained with, like lightgbm@4.5.0" },
      { name: "--task", value: "T", says: "Kind of problem, like binary-classification" },
      { name: "--label", value: "K=V", repeats: true, says: "A label" },
      { name: "--metadata", value: "F", completes: "file", says: "Anything else: a map in JSON or YAML" },
      { name: "--card", value: "F", completes: "file", says: "The model card, Markdown" },
      { name: "--changelog", value: "TEXT", repeats: true, says: "What is new in this version" },
      { name: "--manifest", value: "F", completes: "file", says: "Defaults for all of these, written as a manifest" },
      { name: "--from", value: "REF", completes: "ref", says: "Take over the artifacts of a version" },
      { name: "--promote", value: "STAGE", completes: "stage", says: "Promote it afterwards if its gates pass" },
      { name: "--no-push", says: "Keep it as a draft, not published" },
      { name: "--offline", says: "With --no-push: do not ask the remote" },
      DRY_RUN,
    ],
    examples: [
      {
        command: "git model register fraud out/model.onnx --metrics out/metrics.json",
        says: "The next patch version",
      },
      {
        command: "git model register fraud out/ --bump minor --role scaler.pkl=preprocessor --promote staging",
        says: "A folder as the next minor version, promoted if its gates pass",
      },
      {
        command: "git model register fraud --from fraud@1.3.0 --metrics again.json --version 1.3.1",
        says: "The same files with new numbers",
      },
    ],
    notes: [
      "F is JSON or YAML, - is standard input. Flags win over files, single keys over maps. The same content again is " +
        "no new version.",
      "A value that begins with -- is written --opt=value.",
    ],
  },
];
