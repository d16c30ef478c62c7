import type { CommandGroup, CommandSpec, OptionSpec } from "./command.ts";
import { COMMANDS, GROUP_TITLES, usageOf } from "./command-table.ts";
import { optionPair } from "./help.ts";
import { GLOBAL_OPTIONS } from "./table/options.ts";

/** The pages that are generated from the command table. A test fails when the files are not what this writes. */
export function manualFiles(): readonly { readonly path: string; readonly text: string }[] {
  return [
    { path: "man/git-model.1", text: manPage() },
    { path: "docs/commands.md", text: commandsPage() },
  ];
}

const REFERENCES: readonly (readonly [string, string])[] = [
  ["fraud", "the highest release that is not yanked; a pre-release only if there is no release"],
  ["fraud@1.3.0", "this version, even when yanked"],
  ["fraud@^1.2", "the highest version in a semver range"],
  ["fraud@latest", "the same as fraud"],
  ["fraud@best, fraud@best:f1", "the best by the policy's score, or by a metric"],
  ["fraud@production, fraud#production", "what the stage holds"],
  ["fraud#production~1", "what the stage held before"],
];

const EXITS: readonly (readonly [string, string])[] = [
  ["0", "done, also when there was nothing to do"],
  ["1", "the answer is no: a refusal, a finding, not found"],
  ["2", "wrong use: arguments, names, input files, policy"],
  ["3", "the world outside: Git, LFS, network, disk, integrity"],
  ["70", "a bug in git-model"],
  ["130", "interrupted"],
];

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["GIT_MODEL_REGISTRY", "directory or URL of the registry; --registry wins over it, it wins over the configuration"],
  ["GIT_MODEL_TOKEN", "a token for the registry's Git and LFS server; for no other server"],
  ["GIT_MODEL_GIT", "native or embedded: which Git to use; default native where there is a git on the PATH"],
  ["GIT_MODEL_DEBUG", "1 prints where an error was thrown, on standard error"],
  ["GIT_MODEL_TTY", "a number of columns: draw answers as on a terminal of that width, for recordings and CI logs"],
  [
    "XDG_CACHE_HOME",
    "where git-model/ keeps verified files, read-only versions and mirrors of registries; default ~/.cache",
  ],
  ["NO_COLOR", "no colours"],
];

const CONFIGURATION: readonly (readonly [string, string])[] = [
  ["git-model.registry", "directory or URL of the registry, where neither --registry nor GIT_MODEL_REGISTRY names one"],
  ["git-model.remote", "the remote that holds the registry; default the only one, else origin"],
  ["git-model.defaultBranch", "the branch of registry.yaml where the remote does not say; default main"],
  ["git-model.cacheSize", "how much the cache may hold after a pull, like 20g; default as much as comes"],
];

function groups(): readonly (readonly [string, readonly CommandSpec[]])[] {
  const names = Object.keys(GROUP_TITLES) as CommandGroup[];
  return names.map((group) => [GROUP_TITLES[group], COMMANDS.filter((one) => one.group === group)] as const);
}

function manPage(): string {
  const parts = [
    '.TH GIT-MODEL 1 "" "git-model" "Git Manual"',
    ".SH NAME",
    "git\\-model \\- a model registry that lives in a Git repository",
    ".SH SYNOPSIS",
    ".B git model",
    "[options] \\fICOMMAND\\fR [options]",
    ".SH DESCRIPTION",
    roff(
      "A version of a model is a tag, a stage is a branch, a promotion is a request that gates judge. There is no " +
        "server: Git is the store, Git LFS keeps the bytes.",
    ),
    ".SH REFERENCES",
    ...REFERENCES.flatMap(([name, says]) => tagged(name, says)),
    ".SH OPTIONS",
    "These stand before or after every command.",
    ...GLOBAL_OPTIONS.flatMap(manOption),
    ".SH COMMANDS",
    ...groups().flatMap(([title, commands]) => [`.SS ${roff(title)}`, ...commands.flatMap(manCommand)]),
    ".SH EXIT STATUS",
    ...EXITS.flatMap(([code, says]) => tagged(code, says)),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([name, says]) => tagged(name, says)),
    ".SH CONFIGURATION",
    "Read from git config.",
    ...CONFIGURATION.flatMap(([name, says]) => tagged(name, says)),
    ".SH SEE ALSO",
    ".BR git (1),",
    ".BR git-lfs (1)",
  ];
  return `${parts.join("\n")}\n`;
}

function manCommand(spec: CommandSpec): readonly string[] {
  return [
    ".PP",
    `\\fB${roff(usageOf(spec))}\\fR`,
    ".RS",
    `${roff(spec.summary)}.`,
    ...(spec.notes ?? []).flatMap((note) => [".PP", roff(note)]),
    ...spec.options.flatMap(manOption),
    ".PP",
    "Examples:",
    ".PP",
    ".nf",
    ...spec.examples.map(({ command }) => `    ${roff(command)}`),
    ".fi",
    ".RE",
  ];
}

function manOption(option: OptionSpec): readonly string[] {
  const [flag, says] = optionPair(option);
  return tagged(flag, says);
}

function tagged(name: string, says: string): readonly string[] {
  return [".TP", `\\fB${roff(name)}\\fR`, roff(says)];
}

/** Text in troff: a backslash, a minus sign, quotes and a leading dot have a meaning there. */
function roff(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("~", "\\(ti")
    .replaceAll("^", "\\(ha")
    .replaceAll("…", "...");
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}

function commandsPage(): string {
  const parts = [
    "# Commands",
    "",
    "<!-- Written by scripts/build-man.mjs from the program's command table: do not edit. -->",
    "",
    "`git model help COMMAND` prints the same. With `--json` every answer is one JSON document.",
    "",
    "## References",
    "",
    ...markdownTable(
      ["reference", "means"],
      REFERENCES.map(([name, says]) => [codes(name), says]),
    ),
    "",
    "## Options of every command",
    "",
    ...optionTable(GLOBAL_OPTIONS),
    ...groups().flatMap(([title, commands]) => ["", `## ${title}`, ...commands.flatMap(commandSection)]),
    "",
    "## Exit codes",
    "",
    ...markdownTable(["code", "means"], EXITS),
    "",
    "## Environment",
    "",
    ...markdownTable(
      ["variable", "means"],
      ENVIRONMENT.map(([name, says]) => [code(name), says]),
    ),
    "",
    "## Configuration",
    "",
    "Read from `git config`.",
    "",
    ...markdownTable(
      ["key", "means"],
      CONFIGURATION.map(([name, says]) => [code(name), says]),
    ),
  ];
  return `${parts.join("\n")}\n`;
}

function commandSection(spec: CommandSpec): readonly string[] {
  const width = Math.max(...spec.examples.map(({ command }) => command.length));
  return [
    "",
    `### git model ${spec.name}`,
    "",
    `${spec.summary}.`,
    "",
    "```sh",
    ...spec.examples.map(({ command, says }) => `${command.padEnd(Math.min(width, 90))}  # ${says}`),
    "```",
    "",
    code(usageOf(spec)),
    ...(spec.notes ?? []).flatMap((note) => ["", note]),
    ...(spec.options.length === 0 ? [] : ["", ...optionTable(spec.options)]),
  ];
}

function optionTable(options: readonly OptionSpec[]): readonly string[] {
  const rows = options.map((option) => {
    const [flag, says] = optionPair(option);
    return [code(flag), says];
  });
  return markdownTable(["option", "what it does"], rows);
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), `|${header.map(() => "---").join("|")}|`, ...rows.map(line)];
}

function code(text: string): string {
  return `\`${text}\``;
}

function codes(text: string): string {
  return text.split(", ").map(code).join(", ");
}
