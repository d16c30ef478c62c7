import { nearestWord } from "../documents/nearest-word.ts";
import { RegistryError } from "../errors.ts";
import type { CommandSpec, OptionSpec } from "./command.ts";
import { COMMANDS, findCommand } from "./command-table.ts";
import { GLOBAL_OPTIONS } from "./table/options.ts";

/** A command line, sorted: global options, the command, what is the command's own. */
export interface Arranged {
  /** Null: no command was named. */
  readonly command: CommandSpec | null;
  /** The command's own words and options; every option that takes a value is one word `--name=value`. */
  readonly own: readonly string[];
  /** Words after a lone `--`: never options. */
  readonly literal: readonly string[];
  /** Values of -C, in order. */
  readonly directories: readonly string[];
  readonly registry: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly colour: boolean;
  readonly yes: boolean;
  readonly help: boolean;
  readonly version: boolean;
}

interface Sorting {
  readonly waiting: string[];
  readonly globals: Map<string, string[]>;
  readonly own: string[];
  command: CommandSpec | null;
  version: boolean;
}

/**
 * Sorts a command line; `usage` for an unknown command and for an option without its value. Global options may stand
 * before and after the command. A value that begins with `--` is written `--name=value` (DETAILS 44).
 */
export function arrangeArguments(argv: readonly string[]): Arranged {
  const end = argv.indexOf("--");
  const sorting: Sorting = {
    waiting: end < 0 ? [...argv] : argv.slice(0, end),
    globals: new Map(),
    own: [],
    command: null,
    version: false,
  };
  for (let word = sorting.waiting.shift(); word !== undefined; word = sorting.waiting.shift()) sortWord(sorting, word);
  const { globals, command, own, version } = sorting;
  return {
    command,
    own,
    literal: end < 0 ? [] : argv.slice(end + 1),
    directories: globals.get("--directory") ?? [],
    registry: globals.get("--registry")?.at(-1),
    json: globals.has("--json"),
    quiet: globals.has("--quiet"),
    colour: !globals.has("--no-color"),
    yes: globals.has("--yes"),
    help: globals.has("--help"),
    version,
  };
}

/** True iff `--json` stands anywhere before a lone `--`, however wrong the rest is. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).includes("--json");
}

function sortWord(sorting: Sorting, word: string): void {
  if (word.startsWith("-") && word !== "-") sortOption(sorting, word);
  else sortPlainWord(sorting, word);
}

function sortOption(sorting: Sorting, word: string): void {
  if (word === "--version" && sorting.command === null) {
    sorting.version = true;
    return;
  }
  const own = findOption(sorting.command?.options ?? [], word);
  if (own !== null) {
    sorting.own.push(own.option.value === undefined ? word : `${own.option.name}=${takeValue(sorting, own)}`);
    return;
  }
  const global = findOption(GLOBAL_OPTIONS, word);
  if (global === null) {
    sortUnknownOption(sorting, word);
    return;
  }
  const { option } = global;
  if (option.value === undefined && global.value !== null) {
    throw new RegistryError("usage", `${option.name} takes no value`);
  }
  const value = option.value === undefined ? "" : takeValue(sorting, global);
  sorting.globals.set(option.name, [...(sorting.globals.get(option.name) ?? []), value]);
}

function sortPlainWord(sorting: Sorting, word: string): void {
  if (sorting.command !== null) {
    sorting.own.push(word);
    return;
  }
  sorting.command = word === "pr" ? requestCommand(sorting) : findCommand(word);
  if (sorting.command === null) throw unknownCommand(word, topCommands());
}

function requestCommand({ waiting }: Sorting): CommandSpec | null {
  const known = COMMANDS.flatMap(({ name }) => (name.startsWith("pr ") ? [name.slice(3)] : []));
  const at = waiting.findIndex((word) => !word.startsWith("-"));
  const word = waiting[at];
  if (word === undefined || at !== 0) {
    const isHelp = waiting.some((one) => one === "--help" || one === "-h");
    if (isHelp) return findCommand("pr list");
    throw new RegistryError("usage", "git model pr needs to know what to do", {
      hint: `git model pr ${known.join(" | ")}`,
    });
  }
  waiting.shift();
  const command = findCommand(`pr ${word}`);
  if (command === null)
    throw unknownCommand(
      `pr ${word}`,
      known.map((one) => `pr ${one}`),
    );
  return command;
}

/** Left to the parser where there is a command: it knows what is meant. */
function sortUnknownOption(sorting: Sorting, word: string): void {
  if (sorting.command !== null) {
    sorting.own.push(word);
    return;
  }
  const [name = word] = word.split("=");
  const known = GLOBAL_OPTIONS.map((option) => option.name);
  const near = nearestWord(name, [...known, "--version"]);
  throw new RegistryError("usage", `there is no option ${name} before a command`, {
    hint: near === null ? "the options of a command stand after it" : `did you mean ${near}?`,
  });
}

interface Found {
  readonly option: OptionSpec;
  /** What stands behind `=`, or right behind a short name. */
  readonly value: string | null;
}

function findOption(options: readonly OptionSpec[], word: string): Found | null {
  const [name = word] = word.split("=", 1);
  for (const option of options) {
    if (word.startsWith("--")) {
      if (name === option.name) return { option, value: name === word ? null : word.slice(name.length + 1) };
    } else if (option.short !== undefined && word.startsWith(option.short)) {
      const rest = word.slice(option.short.length);
      if (rest === "") return { option, value: null };
      if (option.value !== undefined) return { option, value: rest };
    }
  }
  return null;
}

function takeValue({ waiting }: Sorting, found: Found): string {
  const value = nextValue(waiting, found);
  // Of a script whose variable is not set; it would mean the current directory.
  if (value === "" && NAMES_A_PLACE.has(found.option.value ?? "")) {
    throw new RegistryError("usage", `${found.option.name} needs a value`, {
      hint: "the value is empty: is a variable not set?",
    });
  }
  return value;
}

const NAMES_A_PLACE: ReadonlySet<string> = new Set(["DIR", "DIR|URL", "PATH", "REF|PATH"]);

function nextValue(waiting: string[], { option, value }: Found): string {
  if (value !== null) return value;
  const [next] = waiting;
  if (next === undefined || next.startsWith("--")) {
    throw new RegistryError("usage", `${option.name} needs a value`, {
      hint:
        next === undefined
          ? `${option.name} ${option.value}`
          : `a value that begins with -- is written ${option.name}=${next}`,
    });
  }
  waiting.shift();
  return next;
}

function topCommands(): readonly string[] {
  return [...new Set(COMMANDS.map(({ name }) => name.split(" ")[0] ?? name))];
}

function unknownCommand(word: string, known: readonly string[]): RegistryError {
  const near = nearestWord(word, known);
  return new RegistryError("usage", `there is no command ${JSON.stringify(word.slice(0, 60))}`, {
    hint: near === null ? "git model help" : `did you mean git model ${near}?`,
  });
}
