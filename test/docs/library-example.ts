import { Decimal, exitCodeOf, openRegistry, RegistryError, type RegistryOptions } from "../../src/index.ts";

/**
 * The examples of docs/library.md as one program. A block on the page is lines of this file; a test says so.
 * Answers what the examples print.
 */
export async function libraryExample(options: RegistryOptions): Promise<readonly (readonly unknown[])[]> {
  const printed: (readonly unknown[])[] = [];
  const console = { log: (...words: readonly unknown[]) => void printed.push(words) };
  await list(options, console);
  await use(options, console);
  return printed;
}

interface Console {
  log(...words: readonly unknown[]): void;
}

async function list(options: RegistryOptions, console: Console): Promise<void> {
  const registry = await openRegistry({ ...options, registry: "models" });
  try {
    const { models } = await registry.list();
    for (const { model, latest, stages } of models) console.log(model, latest, stages.production);
  } finally {
    await registry.close();
  }
}

async function use(options: RegistryOptions, console: Console): Promise<void> {
  const registry = await openRegistry({ ...options, registry: "models" });
  const version = await registry.register({
    model: "fraud",
    files: ["out/model.onnx"],
    bump: "minor",
    details: { metrics: { accuracy: 0.9312, f1: 0.8801 }, params: { max_depth: 8 } },
  });
  console.log(version.tag, version.created);

  const [staged] = await registry.promote({ references: ["fraud"], to: "staging", direct: true });
  console.log(staged?.kind);

  const [promotion] = await registry.promote({ references: ["fraud"], to: "production", direct: true });
  if (promotion?.kind === "refused") {
    for (const gate of promotion.gates) console.log(gate.metric, gate.verdict, gate.observed?.text);
  }

  const { models: pulled } = await registry.pull({ references: ["fraud@staging"], link: "current" });
  for (const { version, path, changed } of pulled) console.log(version, path, changed);

  try {
    await registry.show({ reference: "fraud@9.9.9" });
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    console.log(error.code, error.hint, exitCodeOf(error.code));
  }

  const shown = await registry.show({ reference: "fraud" });
  const accuracy = shown.manifest.metrics.accuracy;
  console.log(accuracy instanceof Decimal ? accuracy.text : accuracy);
  await registry.close();
}
