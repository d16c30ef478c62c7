import { finding } from "../domain/finding.ts";
import type { Manifest } from "../domain/model/manifest.ts";
import { findLookalike, findNameConflict, type ModelName } from "../domain/model/model-name.ts";
import { bumpVersion, compareVersions, parseVersion, type Version } from "../domain/model/version.ts";
import { formatVersionId, formatVersionTag } from "../domain/model/version-tag.ts";
import type { ObjectId } from "../domain/object-id.ts";
import { RegistryError } from "../errors.ts";
import type { RefName } from "../ports/git-store.ts";
import type { RegisterAnswer } from "./answers.ts";
import { publishRefs } from "./apply/publish-refs.ts";
import { refresh } from "./apply/refresh.ts";
import { type Attempt, retryLostRaces } from "./apply/retry-lost-races.ts";
import { signatureNow } from "./apply/signature.ts";
import { type VersionContent, writeVersionObjects, writeVersionTree } from "./apply/write-version.ts";
import type { RegistryContext } from "./context.ts";
import { type Catalog, loadCatalog, loadCatalogOf, type VersionEntry } from "./load/catalog.ts";
import { requirePolicy, requireStage } from "./load/load-policy.ts";
import { draftRef, tagRef } from "./load/ref-names.ts";
import { requireModelName } from "./load/resolve-reference.ts";
import { readDetails, tryReadVersions } from "./load/version-details.ts";
import { promoteVersions } from "./promote-version.ts";
import type { RegisterQuestion } from "./questions.ts";
import { answerRegistration } from "./register/answer-registration.ts";
import { collectInputs, ingestFiles } from "./register/collect-artifacts.ts";
import { type BroughtArtifact, buildManifest } from "./register/plan-content.ts";
import type { Registered } from "./register/registered.ts";
import { sameContent } from "./register/same-content.ts";
import { uploadArtifacts } from "./register/upload-artifacts.ts";
import { readContent, versionExists } from "./register/version-exists.ts";

interface Registration {
  readonly question: RegisterQuestion;
  readonly model: ModelName;
  readonly version: Version | null;
  readonly artifacts: readonly BroughtArtifact[];
  readonly card: Uint8Array | null;
  readonly source: Readonly<Record<string, unknown>>;
  /** Publish at the remote; false for a draft. */
  readonly push: boolean;
}

/**
 * Registers a version in the order of CLI.md "register". The bytes are stored and confirmed at the remote before
 * the tag exists there; identical content again is no new version; a lost race is tried again or told.
 */
export async function registerVersion(context: RegistryContext, question: RegisterQuestion): Promise<RegisterAnswer> {
  const model = requireModelName(question.model);
  const version = parseWantedVersion(question);
  if (question.offline !== true) await refreshOrAdvise(context, model);
  if (question.promote !== undefined) requireStage((await requirePolicy(context)).policy, question.promote);
  await checkName(context, model, question.offline === true);
  const inputs = await collectInputs(context, question);
  const artifacts = await ingestFiles(context, inputs, question.dryRun !== true);
  const registration: Registration = {
    question,
    model,
    version,
    artifacts,
    card: inputs.card,
    source: await knownSource(context),
    push: context.remote !== null && question.push !== false,
  };
  const registered = await retryLostRaces(context.clock, (tries) => attempt(context, registration, tries));
  if (registered === null) {
    throw new RegistryError("version-exists", `other writers kept this version of ${model} from being made`, {
      retryable: true,
      hint: "run the command again",
    });
  }
  const answer = await answerRegistration(context, registered, question.dryRun === true);
  if (question.promote === undefined || question.dryRun === true) return answer;
  const [promotion] = await promoteVersions(context, {
    references: [formatVersionId(registered.content.manifest)],
    to: question.promote,
    ifPassing: true,
  });
  return { ...answer, promotion: promotion ?? null };
}

function parseWantedVersion({ version, bump, push, offline }: RegisterQuestion): Version | null {
  if (offline === true && push !== false) {
    throw new RegistryError("usage", "registering offline makes a draft", {
      hint: "add --no-push, and git model push later",
    });
  }
  if (version === undefined) return null;
  if (bump !== undefined) throw new RegistryError("usage", "--version and --bump exclude each other");
  const parsed = parseVersion(version);
  if (parsed.ok) return parsed.value;
  throw new RegistryError(
    "version-invalid",
    `${JSON.stringify(version.slice(0, 100))} is not a version: ${parsed.message}`,
    {
      ...(parsed.hint === null ? {} : { hint: parsed.hint }),
    },
  );
}

/** A finished training is not lost to a remote that cannot be reached. */
async function refreshOrAdvise(context: RegistryContext, model: ModelName): Promise<void> {
  try {
    await refresh(context, [model]);
  } catch (error) {
    const isAdvisable = error instanceof RegistryError && ["network", "git-failed"].includes(error.code);
    // A mirror keeps no drafts.
    if (!isAdvisable || context.mirror !== null) throw error;
    throw new RegistryError(error.code, error.message, {
      retryable: error.retryable,
      hint: `${error.hint === null ? "" : `${error.hint}. Or `}--no-push --offline keeps it as a draft until git model push`,
      cause: error,
    });
  }
}

/** A new model's name is held against all others, which a partial fetch may not have brought. */
async function checkName(context: RegistryContext, model: ModelName, offline: boolean): Promise<void> {
  const known = await loadCatalogOf(context.git, [model]);
  if (known.models.has(model)) return;
  if (context.remote !== null && !offline) await refresh(context, "all");
  const names = [...(await loadCatalog(context.git)).models.keys()];
  const conflict = findNameConflict(model, names);
  if (conflict !== null) {
    throw new RegistryError("name-invalid", conflict.message, {
      hint: `register it as ${conflict.with}, or under another name`,
    });
  }
  const similar = findLookalike(model, names);
  if (similar === null) return;
  context.reporter.warn(
    finding("name-similar", `the registry has a model ${similar}: ${model} is a new one beside it`, {
      severity: "warning",
    }),
  );
}

async function attempt(
  context: RegistryContext,
  registration: Registration,
  tries: number,
): Promise<Attempt<Registered>> {
  const { model, question } = registration;
  if (tries > 0 && question.offline !== true) await refresh(context, [model]);
  const catalog = await loadCatalogOf(context.git, [model]);
  const versions = catalog.models.get(model) ?? [];
  const highest = versions.at(-1) ?? null;
  const version = registration.version ?? bumpVersion(highest?.version ?? null, question.bump ?? "patch");
  const content: VersionContent = {
    manifest: buildManifest({ ...registration, version, roles: question.roles ?? {}, details: question.details ?? {} }),
    card: registration.card,
  };
  const taken = versions.find((one) => one.version === version);
  const candidate = taken ?? (registration.version === null && highest?.yankId === null ? highest : null);
  if (candidate) {
    const existing = await readContent(context, candidate);
    if (existing !== null && sameContent(content, existing)) {
      return { kind: "done", value: await adopt(context, registration, candidate) };
    }
    if (taken !== undefined) throw await versionExists(context, content, { entry: taken, content: existing });
  }
  if (question.dryRun === true) return { kind: "done", value: planned(content) };
  return create(context, registration, { content, catalog });
}

/** Steps 6 to 9: bytes, objects, tag at the remote, tag here. */
async function create(
  context: RegistryContext,
  registration: Registration,
  { content, catalog }: { readonly content: VersionContent; readonly catalog: Catalog },
): Promise<Attempt<Registered>> {
  const tree = await writeVersionTree(context.git, content);
  const [uploaded, there] = await Promise.all([
    registration.push ? uploadArtifacts(context, content.manifest.artifacts) : new Set<string>(),
    registration.push ? advertisedTags(context, registration.model) : null,
  ]);
  const parent = await parentOf(context, catalog, { ...content.manifest, there });
  const by = await signatureNow(context);
  const { commit, tagId } = await writeVersionObjects(context.git, { manifest: content.manifest, tree, parent }, by);
  const tag = formatVersionTag(content.manifest);
  const draft = context.remote !== null && !registration.push;
  const made = { content, tagId, commit, tree, draft, pushed: registration.push, uploaded };
  if (draft) {
    const marker = draftRef(tag);
    const outcome = await context.git.updateRefs([
      // A marker without its tag was left behind by somebody who deleted the tag by hand.
      { ref: marker, from: await context.git.readRef(marker), to: tagId },
      { ref: tagRef(tag), from: null, to: tagId },
    ]);
    return outcome.ok ? { kind: "done", value: { ...made, created: true } } : { kind: "lost" };
  }
  const outcome = await publishRefs(context, [{ ref: tagRef(tag), from: null, to: tagId }]);
  if (outcome.kind === "lost") return { kind: "lost" };
  return { kind: "done", value: { ...made, created: outcome.adopted.length === 0 } };
}

/** Names of the model's tags that the remote has. */
async function advertisedTags(
  { git, remote }: RegistryContext,
  model: ModelName,
): Promise<ReadonlySet<RefName> | null> {
  if (remote === null) return null;
  const { refs } = await git.listRemote(remote.name, [`refs/tags/${model}@*`]);
  return new Set(refs.map(({ name }) => name));
}

/** The version is there: only what is missing at the remote follows. */
async function adopt(context: RegistryContext, registration: Registration, entry: VersionEntry): Promise<Registered> {
  const details = await readDetails(context.git, entry);
  const publish = registration.push && registration.question.dryRun !== true;
  const uploaded = publish ? await uploadArtifacts(context, details.manifest.artifacts) : new Set<string>();
  const isMissing = publish && (entry.draft || !(await advertisedTags(context, entry.model))?.has(tagRef(entry.tag)));
  if (isMissing) {
    const outcome = await publishRefs(context, [{ ref: tagRef(entry.tag), from: null, to: entry.tagId }]);
    if (outcome.kind === "lost") {
      throw new RegistryError("version-exists", `${formatVersionId(entry)} was published by somebody else meanwhile`, {
        hint: `git model discard ${formatVersionId(entry)}, then register again`,
      });
    }
    if (entry.draft) await context.git.updateRefs([{ ref: draftRef(entry.tag), from: entry.tagId, to: null }]);
  }
  const content = { manifest: details.manifest, card: null };
  const draft = entry.draft && !publish;
  return {
    content,
    tagId: entry.tagId,
    commit: details.commit,
    tree: details.tree,
    created: false,
    draft,
    pushed: isMissing,
    uploaded,
  };
}

/**
 * The highest published version below, whose commit the new one continues; `there`: what the remote has (DETAILS 11).
 * A tag that is no version's, made by hand, is passed over: a parent that is no commit would spoil the new one.
 */
async function parentOf(
  context: RegistryContext,
  catalog: Catalog,
  { model, version, there }: Pick<Manifest, "model" | "version"> & { readonly there: ReadonlySet<RefName> | null },
): Promise<ObjectId | null> {
  const isPublished = (one: VersionEntry) => (there === null ? !one.draft : there.has(tagRef(one.tag)));
  const below = (catalog.models.get(model) ?? []).filter(
    (one) => isPublished(one) && compareVersions(one.version, version) < 0,
  );
  for (const one of below.toReversed()) {
    const [sound] = await tryReadVersions(context.git, [one]);
    if (sound) return sound.commit;
  }
  return null;
}

async function knownSource(context: RegistryContext): Promise<Readonly<Record<string, unknown>>> {
  const head = await context.describeSource();
  if (head === null) return {};
  return {
    ...(head.origin === null ? {} : { repository: head.origin }),
    commit: head.commit,
    ...(context.runUrl === null ? {} : { run: context.runUrl }),
    dirty: head.dirty,
  };
}

function planned(content: VersionContent): Registered {
  return {
    content,
    tagId: null,
    commit: null,
    tree: null,
    created: true,
    draft: false,
    pushed: false,
    uploaded: new Set(),
  };
}
