import { nearestWord } from "../../documents/nearest-word.ts";
import { RegistryError } from "../../errors.ts";
import type { CommandSpec, Handler, Outcome } from "../command.ts";
import { COMMANDS, findCommand } from "../command-table.ts";
import { commandHelp, overview } from "../help.ts";
import { SHAPES } from "../json-shapes.ts";
import { type Line, paint, type View } from "../text/span.ts";

export const help: Handler = async ({ given }) => helpOutcome(given.words.join(" "));

/** Help of a command, of a family like `pr`, or, for an empty name, of the program. */
export function helpOutcome(name: string): Outcome {
  const specs = name === "" ? null : commandsNamed(name);
  const text = (view: View): readonly Line[] => (specs === null ? overview(view) : pages(specs, view));
  const plain = paint(text({ isTerminal: false, columns: 100, now: 0 }), false);
  return { exitCode: 0, json: { help: plain }, shape: SHAPES.text, text };
}

function pages(specs: readonly CommandSpec[], view: View): readonly Line[] {
  return specs.flatMap((spec, index) => [...(index === 0 ? [] : [[], []]), ...commandHelp(spec, view)]);
}

function commandsNamed(name: string): readonly CommandSpec[] {
  const one = findCommand(name);
  if (one !== null) return [one];
  const family = COMMANDS.filter((command) => command.name.startsWith(`${name} `));
  if (family.length > 0) return family;
  const known = COMMANDS.map((command) => command.name);
  const near = nearestWord(name, known);
  throw new RegistryError("usage", `there is no command ${JSON.stringify(name.slice(0, 60))}`, {
    hint: near === null ? "git model help" : `did you mean git model help ${near}?`,
  });
}
