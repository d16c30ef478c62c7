import type { CommandGroup, CommandSpec, OptionSpec } from "./command.ts";
import { COMMANDS, GROUP_TITLES, usageOf } from "./command-table.ts";
import { GLOBAL_OPTIONS } from "./table/options.ts";
import { faint, type Line, type Span, strong, type View } from "./text/span.ts";
import { widthOf, wrap } from "./text/width.ts";

const FIRST_STEPS = [
  ["git model init models", "Create a registry in ./models"],
  ["git model register fraud model.onnx --metrics metrics.json", "Register a version"],
  ["git model promote fraud --to staging", "Bring it to a stage"],
] as const;

/** Help of the whole program. */
export function overview(view: View): readonly Line[] {
  const groups = Object.keys(GROUP_TITLES) as CommandGroup[];
  return [
    ["git-model: a model registry that lives in a Git repository"],
    [],
    ...FIRST_STEPS.flatMap(([command, says]): readonly Line[] => [
      ["  ", command],
      ["      ", faint(says)],
    ]),
    ...groups.flatMap((group) => [
      [],
      [strong(GROUP_TITLES[group])],
      ...pairs(
        COMMANDS.filter((one) => one.group === group).map(({ name, summary }) => [name, summary] as const),
        view,
      ),
    ]),
    [],
    [strong("Everywhere")],
    ...pairs(GLOBAL_OPTIONS.map(optionPair), view),
    [],
    [faint("git model help COMMAND explains a command; git help model shows the manual.")],
  ];
}

/** Help of a command: examples first. */
export function commandHelp(spec: CommandSpec, view: View): readonly Line[] {
  const words = spec.arguments.map(({ name, says }) => [name, says] as const);
  return [
    [strong(`git model ${spec.name}`), `: ${spec.summary}`],
    [],
    ...spec.examples.flatMap(({ command, says }): readonly Line[] => [
      ["  ", command],
      ["      ", faint(says)],
    ]),
    [],
    [strong("Usage")],
    ["  ", usageOf(spec)],
    ...section("Words", pairs(words, view)),
    ...section("Options", pairs(spec.options.map(optionPair), view)),
    ...section("Everywhere", [["  ", faint(GLOBAL_OPTIONS.map(({ short, name }) => short ?? name).join("  "))]]),
    ...(spec.notes ?? []).flatMap((note) => [
      [],
      ...wrap(note, Math.min(view.columns, 100)).map((line): Line => [line]),
    ]),
  ];
}

/** `-o, --output DIR` and what it does. */
export function optionPair({ name, short, value, says, choices, repeats }: OptionSpec): readonly [string, string] {
  const flag = `${short === undefined ? "" : `${short}, `}${name}${value === undefined ? "" : ` ${value}`}`;
  const allowed = choices === undefined ? "" : ` (${choices.join(", ")})`;
  return [flag, `${says}${allowed}${repeats ? "; may be repeated" : ""}`];
}

function section(title: string, lines: readonly Line[]): readonly Line[] {
  return lines.length === 0 ? [] : [[], [strong(title)], ...lines];
}

const LABEL_LIMIT = 28;

function pairs(rows: readonly (readonly [string, string])[], view: View): readonly Line[] {
  const label = Math.min(LABEL_LIMIT, Math.max(0, ...rows.map(([name]) => widthOf(name))));
  const room = Math.max(20, Math.min(view.columns, 100) - label - 4);
  return rows.flatMap(([name, says]): readonly Line[] => {
    const lines = wrap(says, room).map((line): readonly Span[] => [" ".repeat(label + 4), line]);
    if (widthOf(name) > label) return [["  ", name], ...lines];
    return lines.map((line, index) => (index === 0 ? ["  ", name.padEnd(label + 2), ...line.slice(1)] : line));
  });
}
