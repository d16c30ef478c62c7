import { Argument, Command, CommanderError, Option } from "commander";
import { nearestWord } from "../documents/nearest-word.ts";
import { RegistryError } from "../errors.ts";
import type { Arranged } from "./arrange-arguments.ts";
import type { CommandSpec, OptionSpec } from "./command.ts";
import { usageOf } from "./command-table.ts";
import { Given } from "./given.ts";
import { GLOBAL_OPTIONS } from "./table/options.ts";

/** Reads a command's own words and options; everything that is wrong with them is `usage`. */
export function parseCommand(spec: CommandSpec, { own, literal }: Pick<Arranged, "own" | "literal">): Given {
  const command = new Command(spec.name)
    .exitOverride()
    .helpOption(false)
    .configureOutput({ writeOut: ignore, writeErr: ignore })
    .allowExcessArguments(false);
  for (const { name, required, variadic } of spec.arguments) {
    const text = `${name}${variadic ? "..." : ""}`;
    command.addArgument(new Argument(required === false ? `[${text}]` : `<${text}>`));
  }
  const options = spec.options.map((one) => ({ one, option: optionOf(one) }));
  for (const { option } of options) command.addOption(option);
  try {
    command.parse([...own, ...(literal.length > 0 ? ["--", ...literal] : [])], { from: "user" });
  } catch (error) {
    throw error instanceof CommanderError ? usageError(spec, error) : error;
  }
  const values = command.opts<Record<string, unknown>>();
  const given = options.map(({ one, option }) => [one.name, givenValue(one, values[option.attributeName()])] as const);
  return new Given(command.args, new Map(given));
}

function optionOf({ name, value, required, choices, repeats }: OptionSpec): Option {
  const option = new Option(value === undefined ? name : `${name} <value>`);
  if (choices !== undefined) option.choices(choices);
  if (required) option.makeOptionMandatory();
  if (repeats) option.argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]);
  return option;
}

/** `--no-push` reads like every flag: true when it was given. */
function givenValue({ name }: OptionSpec, value: unknown): unknown {
  return name.startsWith("--no-") ? value === false : value;
}

function ignore(): void {}

function usageError(spec: CommandSpec, error: CommanderError): RegistryError {
  const [, quoted = ""] = /'([^']*)'/.exec(error.message) ?? [];
  const { message, hint } = explain(spec, { code: error.code, quoted, text: error.message });
  return new RegistryError("usage", message, { hint: hint ?? usageOf(spec), cause: error });
}

interface Explained {
  readonly message: string;
  readonly hint: string | null;
}

function explain(
  spec: CommandSpec,
  { code, quoted, text }: { readonly code: string; readonly quoted: string; readonly text: string },
): Explained {
  const [option = ""] = quoted.split(/[ ,=]/, 1);
  switch (code) {
    case "commander.unknownOption":
      return unknownOption(spec, option);
    case "commander.missingArgument":
      return {
        message: `${spec.name} needs ${spec.arguments.find(({ required }) => required !== false)?.name ?? quoted}`,
        hint: null,
      };
    case "commander.excessArguments":
      return { message: `${spec.name} does not take so many words`, hint: null };
    case "commander.missingMandatoryOptionValue":
      return { message: `${spec.name} needs ${option}`, hint: null };
    case "commander.invalidArgument":
      return { message: invalidChoice(spec, option, text), hint: null };
    default:
      return { message: `${option} cannot be understood`, hint: null };
  }
}

function unknownOption(spec: CommandSpec, option: string): Explained {
  const known = [...spec.options, ...GLOBAL_OPTIONS].map(({ name }) => name);
  const near = option.startsWith("--") ? nearestWord(option, known) : null;
  const flag = spec.options.find(({ name, value }) => name === option && value === undefined);
  if (flag !== undefined) return { message: `${option} takes no value`, hint: null };
  return {
    message: `${spec.name} has no option ${option}`,
    hint: near === null ? `git model help ${spec.name}` : `did you mean ${near}?`,
  };
}

function invalidChoice(spec: CommandSpec, option: string, text: string): string {
  const choices = spec.options.find(({ name }) => name === option)?.choices ?? [];
  const [, value = ""] = /argument '(.*?)' is invalid/s.exec(text) ?? [];
  return `${option} is ${choices.slice(0, -1).join(", ")} or ${choices.at(-1) ?? ""}, not ${JSON.stringify(value)}`;
}
