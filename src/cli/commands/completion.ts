import { RegistryError } from "../../errors.ts";
import type { Handler } from "../command.ts";
import { COMPLETION_SCRIPTS } from "../completion-scripts.ts";
import { SHAPES } from "../json-shapes.ts";

export const completion: Handler = async ({ given }) => {
  const script = new Map(Object.entries(COMPLETION_SCRIPTS)).get(given.word);
  if (script === undefined) {
    const shells = Object.keys(COMPLETION_SCRIPTS);
    throw new RegistryError("usage", `there is no completion for ${JSON.stringify(given.word.slice(0, 60))}`, {
      hint: `git model completion ${shells.join(" | ")}`,
    });
  }
  return { exitCode: 0, json: { script }, shape: SHAPES.text, text: script };
};
