import type { Registry } from "../operations/registry.ts";
import type { CommandSpec, Completes, OptionSpec } from "./command.ts";
import { COMMANDS, findCommand } from "./command-table.ts";
import type { Io } from "./io.ts";
import { GLOBAL_OPTIONS } from "./table/options.ts";

interface Typed {
  readonly command: CommandSpec | null;
  /** Words of the command before the one that is being typed. */
  readonly words: number;
  /** The option whose value is being typed. */
  readonly option: OptionSpec | null;
  readonly directories: readonly string[];
  readonly registry: string | undefined;
  /** `pr` was typed and its second word is not there yet. */
  readonly family: string | null;
}

/**
 * Words that may stand where the last of `words` is being typed: commands, options, models, versions after `@`,
 * stages. An empty answer means file names. May throw: the caller is silent then.
 */
export async function completeWords(words: readonly string[], io: Io): Promise<readonly string[]> {
  const current = words.at(-1) ?? "";
  const typed = readTyped(words.slice(0, -1));
  const candidates = await candidatesFor(typed, current, io);
  return candidates.filter((word) => word.startsWith(current));
}

function readTyped(words: readonly string[]): Typed {
  let command: CommandSpec | null = null;
  let family: string | null = null;
  let count = 0;
  let option: OptionSpec | null = null;
  const directories: string[] = [];
  let registry: string | undefined;
  for (const word of words) {
    if (option !== null) {
      if (option.name === "--directory") directories.push(word);
      if (option.name === "--registry") registry = word;
      option = null;
    } else if (word.startsWith("-") && word !== "-") {
      option = optionAwaitingValue(command, word);
    } else if (command !== null) {
      count += 1;
    } else {
      const name: string = family === null ? word : `${family} ${word}`;
      command = findCommand(name);
      family = command === null && isFamily(name) ? name : null;
    }
  }
  return { command, family, words: count, option, directories, registry };
}

function isFamily(name: string): boolean {
  return COMMANDS.some((command) => command.name.startsWith(`${name} `));
}

function optionAwaitingValue(command: CommandSpec | null, word: string): OptionSpec | null {
  const known = [...(command?.options ?? []), ...GLOBAL_OPTIONS];
  return known.find(({ name, short, value }) => value !== undefined && (word === name || word === short)) ?? null;
}

async function candidatesFor(typed: Typed, current: string, io: Io): Promise<readonly string[]> {
  const { command, option, family } = typed;
  if (option !== null) return valuesOf(option, { typed, current, io });
  const [name, inline] = current.split("=", 2);
  if (command !== null && inline !== undefined && current.startsWith("--")) {
    const own = command.options.find((one) => one.name === name && one.value !== undefined);
    const values = own === undefined ? [] : await valuesOf(own, { typed, current: inline, io });
    return values.map((value) => `${name}=${value}`);
  }
  if (current.startsWith("-")) return [...(command?.options ?? []), ...GLOBAL_OPTIONS].map((one) => one.name);
  if (command === null) return commandNames(family);
  const spec = command.arguments[typed.words] ?? command.arguments.findLast(({ variadic }) => variadic);
  return spec === undefined ? [] : wordsOf(spec.completes, { typed, current, io });
}

function commandNames(family: string | null): readonly string[] {
  const names = COMMANDS.map(({ name }) => name.split(" "));
  if (family !== null) return names.flatMap(([first, second]) => (first === family && second ? [second] : []));
  return [...new Set(names.map(([first = ""]) => first))];
}

interface Place {
  readonly typed: Typed;
  readonly current: string;
  readonly io: Io;
}

function valuesOf(option: OptionSpec, place: Place): Promise<readonly string[]> {
  if (option.choices !== undefined) return Promise.resolve(option.choices);
  return wordsOf(option.completes ?? "none", place);
}

async function wordsOf(kind: Completes, place: Place): Promise<readonly string[]> {
  switch (kind) {
    case "command":
      return commandNames(null);
    case "shell":
      return ["bash", "zsh", "fish"];
    case "model":
      return asked(place, (registry) => registry.complete("models"));
    case "stage":
      return asked(place, (registry) => registry.complete("stages"));
    case "ref":
      return asked(place, (registry) => references(registry, place.current));
    default:
      return [];
  }
}

/** Models; behind `@` versions, stages and the two words; behind `#` stages. */
async function references(registry: Registry, current: string): Promise<readonly string[]> {
  const at = current.search(/[@#]/);
  if (at < 0) return registry.complete("models");
  const model = current.slice(0, at);
  const stages = await registry.complete("stages");
  if (current[at] === "#") return stages.map((stage) => `${model}#${stage}`);
  const versions = await registry.complete("versions", model);
  return [...versions, "latest", "best", ...stages].map((selector) => `${model}@${selector}`);
}

async function asked(
  { typed, io }: Place,
  question: (registry: Registry) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const { openSession } = await import("./session.ts");
  const session = openSession(io, { ...typed, quiet: true, colour: false });
  try {
    return await question(await session.call.open());
  } finally {
    await session.close();
  }
}
