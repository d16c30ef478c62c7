import { expect } from "vitest";
import { type Adapter, testRegistry } from "../support/registry.ts";
import { promoteDirectly, registerVersions } from "../support/stage-story.ts";

/** Six people promote a model each to one stage of one remote: none of them may lose. */
export async function sixPromotions(adapter: Adapter): Promise<void> {
  const first = await testRegistry({ adapter, remote: true });
  const models = ["a", "b", "c", "d", "e", "f"];
  for (const model of models) await registerVersions(first, model, ["1.0.0"]);
  const people = [first, ...(await Promise.all(models.slice(1).map(() => first.clone())))];
  const answers = await Promise.all(people.map((one, index) => promoteDirectly(one, "staging", models[index] ?? "")));
  expect(answers.map(({ kind, tag }) => `${kind} ${tag}`)).toEqual(models.map((one) => `released ${one}#staging#1`));
  const { server } = first;
  expect(await server?.git("rev-list", "--count", "--first-parent", "stage/staging")).toBe("7");
  for (const model of models) {
    expect(await server?.id(`stage/staging:models/${model}`)).toBe(await server?.id(`${model}@v1.0.0^{tree}`));
  }
  expect(await first.registry.reconcile()).toMatchObject({ created: [], findings: [] });
  await server?.fsck();
}
