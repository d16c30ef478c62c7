import { beforeAll, expect, test } from "vitest";
import type { Adapter } from "../../support/registry.ts";
import { SHAPES } from "./shapes.ts";
import { POLICY, type Row, STORY, writeInputs } from "./story.ts";
import { type Answered, initialised, type World } from "./world.ts";

interface Told extends Answered {
  readonly changed: boolean;
}

/** Tells the story on one adapter and holds every answer against CLI.md; a file of its own for each. */
export function describeContract(adapter: Adapter): void {
  const answers = new Map<Row, Told | Error>();

  beforeAll(async () => {
    const world = await initialised(adapter, POLICY);
    await writeInputs(world);
    for (const row of STORY) answers.set(row, await tell(world, row).catch((error: Error) => error));
  });

  test.each(STORY.map((row) => [lineOf(row), row] as const))("git model %s", (_, row) => {
    const answer = answers.get(row);
    if (answer === undefined || answer instanceof Error) throw answer;
    const { document, exit, stderr, changed } = answer;
    expect(exit, JSON.stringify(document)).toBe(row.exit ?? 0);
    const read = SHAPES[row.shape].safeParse(document);
    expect(read.success ? [] : read.error.issues, JSON.stringify(document)).toEqual([]);
    expect(document).toMatchObject(row.has ?? {});
    expect(stderr).not.toMatch(/error\[/);
    if (row.changesNothing) expect(changed, "refs and objects").toBe(false);
  });
}

async function tell(world: World, row: Row): Promise<Told> {
  const before = row.changesNothing ? await world.state() : "";
  const answer = await world.json(typeof row.line === "string" ? row.line.split(" ") : row.line, {
    ...(row.stdin === undefined ? {} : { stdin: row.stdin }),
  });
  return { ...answer, changed: row.changesNothing === true && before !== (await world.state()) };
}

function lineOf({ line }: Row): string {
  return (typeof line === "string" ? line : line.join(" ")).slice(0, 90);
}
