import type { ArgumentSpec, OptionSpec } from "../command.ts";

/** Options that stand before or after every command. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { name: "--directory", short: "-C", value: "DIR", completes: "folder", says: "Run as if started in DIR" },
  {
    name: "--registry",
    value: "DIR|URL",
    completes: "folder",
    says: "The registry; else GIT_MODEL_REGISTRY, git config git-model.registry, this repository",
  },
  { name: "--json", says: "Print one JSON document, errors too" },
  { name: "--quiet", short: "-q", says: "No progress and no warnings" },
  { name: "--no-color", says: "No colours; NO_COLOR in the environment says the same" },
  { name: "--yes", short: "-y", says: "Ask nothing" },
  { name: "--help", short: "-h", says: "Explain the command" },
];

export const MODEL: ArgumentSpec = {
  name: "MODEL",
  says: "A model, like fraud or vision/resnet50",
  completes: "model",
};

export const REF: ArgumentSpec = {
  name: "REF",
  says: "A version: fraud@1.3.0, fraud@^1.2, fraud@latest, fraud@best, fraud@production, fraud#production~1",
  completes: "ref",
};

export const OPTIONAL_MODEL: ArgumentSpec = { ...MODEL, required: false };

/** Reads are local and instant, but for a registry named by a URL: these say otherwise, or insist. */
export const READ_OPTIONS: readonly OptionSpec[] = [
  { name: "--fetch", says: "Ask the remote for news first, or fail" },
  { name: "--offline", says: "Never ask the remote; otherwise a registry named by a URL is asked for news" },
];

export const REQUIRED_STAGE: OptionSpec = {
  name: "--stage",
  value: "STAGE",
  completes: "stage",
  required: true,
  says: "The stage",
};

export const LIMIT: OptionSpec = { name: "--limit", value: "N", says: "Show at most N" };

export const DRY_RUN: OptionSpec = { name: "--dry-run", says: "Say what would happen and change nothing" };

export const DIRECT: OptionSpec = {
  name: "--direct",
  says: "Move the stage at once instead of opening a request",
};

export const MARKDOWN: OptionSpec = { name: "--markdown", says: "Print the report in Markdown, for pasting" };

/** The files that say how good a version is. */
export const MEASUREMENT_OPTIONS: readonly OptionSpec[] = [
  {
    name: "--slices",
    value: "F",
    completes: "file",
    says: "Metrics on parts of the data: slice (k=v,…) to metrics",
  },
  {
    name: "--evaluation",
    value: "F",
    completes: "file",
    says: "What the metrics were measured on: dataset (name, uri, sha256) and code",
  },
];
