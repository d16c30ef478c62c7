import {
  ARTIFACT_LIMIT,
  type ArtifactPath,
  findCaseTwins,
  parseArtifactPath,
} from "../../domain/artifact/artifact-path.ts";
import { finding } from "../../domain/finding.ts";
import { RegistryError } from "../../errors.ts";
import type { CollectedFile } from "../../ports/source-files.ts";
import { inParallel } from "../apply/in-parallel.ts";
import type { RegistryContext } from "../context.ts";
import { resolveReference } from "../load/resolve-reference.ts";
import { CARD_LIMIT, readDetails } from "../load/version-details.ts";
import type { RegisterQuestion } from "../questions.ts";
import { type BroughtArtifact, checkRoles } from "./plan-content.ts";

/** Files at once while hashing and copying. */
const FILES_AT_ONCE = 4;

/** What a registration found on disk, before a byte is copied. */
export interface CollectedInputs {
  readonly files: readonly (CollectedFile & { readonly path: ArtifactPath })[];
  /** Pointers of the version that `from` names, less those that a file replaces. */
  readonly taken: readonly BroughtArtifact[];
  readonly card: Uint8Array | null;
}

/** Looks at every file, checks names and limits: `artifact-invalid`, `usage`. Nothing is written. */
export async function collectInputs(context: RegistryContext, question: RegisterQuestion): Promise<CollectedInputs> {
  const found = await inParallel(question.files, FILES_AT_ONCE, (path) => context.files.collect(path));
  for (const skipped of found.flatMap((one) => one.skipped)) {
    context.reporter.warn(
      finding("file-skipped", `${skipped} is left out: names that begin with a dot are`, { severity: "warning" }),
    );
  }
  const files = found.flatMap((one) => one.files).map(checkedFile);
  const taken = (await takeOver(context, question)).filter(({ path }) => files.every((file) => file.path !== path));
  const paths = [...files, ...taken].map(({ path }) => path);
  checkPaths(paths);
  checkRoles(question.roles ?? {}, paths);
  const cards =
    question.card === undefined ? found.flatMap(({ card }) => (card === null ? [] : [card])) : [question.card];
  if (cards.length > 1) throw new RegistryError("usage", `there are two model cards: ${cards.join(" and ")}`);
  return { files, taken, card: cards[0] === undefined ? null : await readCard(context, cards[0]) };
}

/** Hashes and stores the files; with `store` false only hashes them. */
export async function ingestFiles(
  context: RegistryContext,
  inputs: CollectedInputs,
  store: boolean,
): Promise<readonly BroughtArtifact[]> {
  const total = inputs.files.reduce((sum, { size }) => sum + size, 0);
  const progress = context.reporter.progress(store ? "storing" : "hashing", total);
  try {
    const brought = await inParallel(inputs.files, FILES_AT_ONCE, async ({ path, file }) => {
      const onBytes = (bytes: number) => progress.advance(bytes);
      const pointer = store ? await context.store.ingest(file, onBytes) : await context.store.measure(file, onBytes);
      return { path, pointer, role: null };
    });
    return [...brought, ...inputs.taken];
  } finally {
    progress.done();
  }
}

async function takeOver(context: RegistryContext, question: RegisterQuestion): Promise<readonly BroughtArtifact[]> {
  if (question.from === undefined) return [];
  const { entry } = await resolveReference(context, question.from);
  const { manifest } = await readDetails(context.git, entry);
  return manifest.artifacts.map(({ path, role, sha256, size }) => ({ path, role, pointer: { sha256, size } }));
}

function checkedFile(file: CollectedFile): CollectedFile & { readonly path: ArtifactPath } {
  const parsed = parseArtifactPath(file.path);
  if (parsed.ok) return { ...file, path: parsed.value };
  throw new RegistryError(
    "artifact-invalid",
    `${JSON.stringify(file.path)} cannot name an artifact: ${parsed.message}`,
    {
      ...(parsed.hint === null ? {} : { hint: parsed.hint }),
    },
  );
}

function checkPaths(paths: readonly ArtifactPath[]): void {
  if (paths.length === 0)
    throw new RegistryError("usage", "a version needs a file", { hint: "name a file, a folder, or --from REF" });
  if (paths.length > ARTIFACT_LIMIT) {
    throw new RegistryError(
      "artifact-invalid",
      `a version has at most ${ARTIFACT_LIMIT} files, these are ${paths.length}`,
    );
  }
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw new RegistryError("usage", `two files would both be the artifact ${twice}`);
  const twins = findCaseTwins(paths);
  if (twins !== null) {
    throw new RegistryError(
      "artifact-invalid",
      `${twins[0]} and ${twins[1]} are one path where letter case does not count`,
    );
  }
  const folders = new Set(
    paths.flatMap((path) =>
      path
        .split("/")
        .slice(0, -1)
        .map((_, i, all) => all.slice(0, i + 1).join("/")),
    ),
  );
  const both = paths.find((path) => folders.has(path));
  if (both !== undefined) throw new RegistryError("usage", `${both} is a file and a folder at once`);
}

async function readCard(context: RegistryContext, path: string): Promise<Uint8Array> {
  const bytes = await context.files.read(path, CARD_LIMIT);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return new TextEncoder().encode(text.replaceAll("\r\n", "\n"));
  } catch (cause) {
    throw new RegistryError("artifact-invalid", `the model card ${path} is not UTF-8 text`, { cause });
  }
}
