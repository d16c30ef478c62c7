import { ADAPTERS, type Adapter, type TestRegistry, type TestRegistryOptions, testRegistry } from "./registry.ts";

/** The policy of the reading story: a score, a declared direction, a branch stage without a past and a tag stage. */
export const STORY_POLICY = `schemaVersion: 1
name: acme-models
metrics: { data_quality: { better: higher } }
stages:
  staging: {}
  production: {}
  canary: {}
  edge: { kind: tag }
score: { weights: { f1: 0.6, accuracy: 0.4 } }
`;

export const HOLDOUT_A = "a".repeat(64);
export const HOLDOUT_B = "b".repeat(64);

/** Bytes of a version's one artifact, `model.onnx`. */
export function bytesOf(model: string, version: string): string {
  return `weights of ${model} ${version}\n`;
}

interface StoryVersion {
  readonly model: string;
  readonly version: string;
  readonly f1: string;
  readonly accuracy?: string;
  readonly holdout?: string;
  readonly team?: string;
}

const VERSIONS: readonly StoryVersion[] = [
  { model: "fraud", version: "1.0.0", f1: "0.80", accuracy: "0.90", holdout: HOLDOUT_A, team: "risk" },
  { model: "fraud", version: "1.1.0", f1: "0.85", accuracy: "0.91", holdout: HOLDOUT_A, team: "risk" },
  { model: "fraud", version: "1.2.0", f1: "0.83", accuracy: "0.97", holdout: HOLDOUT_A, team: "growth" },
  { model: "fraud", version: "1.3.0", f1: "0.99", accuracy: "0.99", holdout: HOLDOUT_A, team: "risk" },
  { model: "fraud", version: "1.10.0", f1: "0.70", holdout: HOLDOUT_A },
  { model: "fraud", version: "2.0.0-rc.1", f1: "0.98", accuracy: "0.98", holdout: HOLDOUT_A },
  { model: "team/churn", version: "0.1.0-rc.1", f1: "0.5", accuracy: "0.5", holdout: HOLDOUT_B },
  { model: "team/churn", version: "0.1.0-rc.2", f1: "0.6", accuracy: "0.6", holdout: HOLDOUT_B },
];

/**
 * fraud: 1.0.0 to 1.10.0 and a pre-release; 1.3.0 is yanked. staging took 1.0.0, 1.1.0, 1.2.0 and went back to 1.1.0;
 * production took 1.0.0 and 1.1.0 and gave both up; edge, a tag stage, took 1.0.0 and 1.2.0.
 * team/churn: pre-releases alone, nowhere in use.
 */
export async function readingStory(options: TestRegistryOptions = {}): Promise<TestRegistry> {
  const story = await testRegistry({ policy: STORY_POLICY, ...options });
  const { registry } = story;
  for (const { model, version, f1, accuracy, holdout, team } of VERSIONS) {
    const path = await story.file(`${version}/model.onnx`, bytesOf(model, version));
    await registry.register({
      model,
      version,
      files: [path],
      details: {
        metrics: { f1: Number(f1), ...(accuracy === undefined ? {} : { accuracy: Number(accuracy) }) },
        ...(holdout === undefined ? {} : { evaluation: { dataset: { sha256: holdout } } }),
        ...(team === undefined ? {} : { labels: { team } }),
      },
    });
  }
  const to = async (stage: string, ...versions: readonly string[]) => {
    for (const one of versions) await registry.promote({ references: [`fraud@${one}`], to: stage, direct: true });
  };
  await to("staging", "1.0.0", "1.1.0", "1.2.0");
  await registry.rollback({ reference: "fraud", stage: "staging", direct: true });
  await to("production", "1.0.0", "1.1.0");
  await registry.demote({ model: "fraud", stage: "production", direct: true });
  await to("edge", "1.0.0", "1.2.0");
  await registry.yank({ reference: "fraud@1.3.0", reason: "trained on leaked labels" });
  return story;
}

/** The same registry through each adapter. */
export async function throughEachAdapter(story: TestRegistry): Promise<Readonly<Record<Adapter, TestRegistry>>> {
  const opened = await Promise.all(
    ADAPTERS.map(async (adapter) => [adapter, await story.reopen({ GIT_MODEL_GIT: adapter })] as const),
  );
  return Object.fromEntries(opened) as Record<Adapter, TestRegistry>;
}
