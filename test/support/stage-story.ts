import type { RegistryError } from "../../src/errors.ts";
import type { PromotionAnswer } from "../../src/operations/answers.ts";
import type { TestRegistry } from "./registry.ts";

/** Registers versions of a model, each with bytes of its own; `f1` to their metrics where given. */
export async function registerVersions(
  on: TestRegistry,
  model: string,
  versions: readonly string[] | Readonly<Record<string, number>>,
): Promise<void> {
  const list = Array.isArray(versions) ? versions.map((one: string) => [one, null] as const) : Object.entries(versions);
  for (const [version, f1] of list) {
    const path = await on.file(`${model}/${version}/model.onnx`, `weights of ${model} ${version}\n`);
    const details = f1 === null ? {} : { details: { metrics: { f1 } } };
    await on.registry.register({ model, version, files: [path], ...details });
  }
}

/** Promotes at once and answers the last outcome. */
export async function promoteDirectly(
  on: TestRegistry,
  stage: string,
  ...references: readonly string[]
): Promise<PromotionAnswer> {
  let last: PromotionAnswer | undefined;
  for (const reference of references) {
    [last] = await on.registry.promote({ references: [reference], to: stage, direct: true });
    if (last?.kind !== "released") throw new Error(`${reference} was not released: ${JSON.stringify(last)}`);
  }
  if (last === undefined) throw new Error("nothing to promote");
  return last;
}

/** Opens (or adopts) a request. */
export async function openRequest(on: TestRegistry, reference: string, to: string): Promise<PromotionAnswer> {
  const [answer] = await on.registry.promote({ references: [reference], to });
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

/** The error that a promise ends with. */
export async function errorOf(promise: Promise<unknown>): Promise<RegistryError> {
  return promise.then(
    () => {
      throw new Error("no error was thrown");
    },
    (error: RegistryError) => error,
  );
}

/** The codes of findings. */
export function codesOf({ findings }: { readonly findings: readonly { readonly code: string }[] }): readonly string[] {
  return findings.map(({ code }) => code);
}
