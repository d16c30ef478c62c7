import type { CommandGroup, CommandSpec } from "./command.ts";
import { CHECK_COMMANDS } from "./table/check.ts";
import { LOOK_COMMANDS } from "./table/look.ts";
import { RELEASE_COMMANDS } from "./table/release.ts";
import { REQUEST_COMMANDS } from "./table/requests.ts";
import { START_COMMANDS } from "./table/start.ts";

/** Every command, in the order in which help lists them. */
export const COMMANDS: readonly CommandSpec[] = [
  ...START_COMMANDS,
  ...LOOK_COMMANDS,
  ...RELEASE_COMMANDS,
  ...REQUEST_COMMANDS,
  ...CHECK_COMMANDS,
];

export const GROUP_TITLES: Readonly<Record<CommandGroup, string>> = {
  start: "Start and register",
  look: "Look",
  release: "Release and withdraw",
  measure: "Measure",
  requests: "Requests",
  check: "Check and heal",
  use: "Use and share",
};

export function findCommand(name: string): CommandSpec | null {
  return COMMANDS.find((command) => command.name === name) ?? null;
}

/** `git model promote REF… --to STAGE [options]` */
export function usageOf({ name, arguments: words, options }: CommandSpec): string {
  const parts = words.map((word) => {
    const text = `${word.name}${word.variadic ? "…" : ""}`;
    return word.required === false ? `[${text}]` : text;
  });
  const required = options.filter((option) => option.required).map((option) => `${option.name} ${option.value}`);
  const others = options.length > required.length ? ["[options]"] : [];
  return ["git model", name, ...parts, ...required, ...others].join(" ");
}
