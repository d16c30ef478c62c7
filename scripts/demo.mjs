#!/usr/bin/env node
import { parseArgs } from "node:util";
import { tellStory } from "./demo/story.mjs";
import { DemoBroken } from "./demo/terminal.mjs";
import { makeWorld } from "./demo/world.mjs";

const USAGE = `npm run demo -- [--dir DIR] [--embedded] [--remove]

Tells the story of registry.example in a fresh directory, with real commands and their real output.
  --dir DIR    work there (it must not exist yet, or be empty); default a new temporary directory
  --embedded   registry commands run without the git program (GIT_MODEL_GIT=embedded)
  --remove     remove the directory at the end`;

const { values } = parseArgs({
  options: {
    dir: { type: "string" },
    embedded: { type: "boolean", default: false },
    remove: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help) console.log(USAGE);
else await tell();

async function tell() {
  const world = await makeWorld({ directory: values.dir, embedded: values.embedded });
  try {
    await tellStory(world, { stays: !values.remove });
  } catch (error) {
    if (!(error instanceof DemoBroken)) throw error;
    console.error(`\n${error.message}\nWhat was made so far is in ${world.directory}`);
    process.exitCode = 1;
    return;
  }
  if (values.remove) await world.remove();
}
