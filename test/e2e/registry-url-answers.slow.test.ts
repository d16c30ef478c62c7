import { beforeAll, describe, expect, test } from "vitest";
import { openRegistry } from "../../src/compose.ts";
import { RegistryError } from "../../src/errors.ts";
import type { Registry } from "../../src/operations/registry.ts";
import { ADAPTERS } from "../support/registry.ts";
import { type Made, serve, servedRegistry } from "../support/url-registry.ts";

let made: Made;

beforeAll(async () => {
  made = await servedRegistry();
});

const REGULAR = ["model-0001@production", "model-0001#staging", "model-0001@1.3.0", "model-0001", "model-0001@<1.3"];

/** What the narrow mirror leaves to the whole one, errors among it. */
const IRREGULAR = [
  "model-0001#production~1",
  "model-0001@best",
  "model-0001@best:f1",
  "model-0001@edge",
  "model-0001@nowhere",
  "model-0001@9.9.9",
  "model-0001@^9",
  "model-9@production",
  "model-9",
];

const QUESTIONS: readonly ((registry: Registry) => Promise<object>)[] = [
  (registry) => registry.list(),
  (registry) => registry.listVersions({ model: "model-0002" }),
  (registry) => registry.show({ reference: "model-0001@production" }),
  (registry) => registry.history({ model: "model-0001" }),
  (registry) => registry.diff({ from: "model-0001@1.0.0", to: "model-0001@production" }),
  (registry) => registry.compare({ references: ["model-0001"] }),
  (registry) => registry.best({ model: "model-0001" }),
  (registry) => registry.show({ reference: "model-9" }),
];

describe.each(ADAPTERS)("a registry by URL, with %s Git:", (adapter) => {
  test("what it answers is what a clone answers, errors included", async () => {
    const served = await serve(made);
    const reader = await served.reader(adapter);
    const { registry } = await reader.open();
    const inPlace = await openRegistry({ registry: made.repo.path, environment: reader.environment });
    const references = [...REGULAR, ...IRREGULAR];
    for (const reference of references) {
      expect([reference, await outcome(registry.resolve({ reference }))]).toEqual([
        reference,
        await outcome(inPlace.resolve({ reference })),
      ]);
    }
    for (const question of QUESTIONS)
      expect(await outcome(question(registry))).toEqual(await outcome(question(inPlace)));
    await inPlace.close();
  });
});

/** An answer without what only a mirror knows, or an error as people and programs see it. */
async function outcome(answer: Promise<object>): Promise<object> {
  try {
    return { ...(await answer), fetchedAt: null };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const { code, message, hint, retryable } = error;
    return { code, message, hint, retryable };
  }
}
