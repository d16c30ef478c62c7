import type { Reference } from "../../domain/model/reference.ts";
import { formatVersionId } from "../../domain/model/version-tag.ts";
import type { StageName } from "../../domain/policy/stage.ts";
import type { RegistryError } from "../../errors.ts";
import { type Freshened, freshen, isMirrorsFault, mended } from "../access/freshen.ts";
import { requireRegistry } from "../access/require-registry.ts";
import { beginOperation } from "../begin-operation.ts";
import type { Mirrors, RegistryContext } from "../context.ts";
import { checkVersionTree } from "../judge/check-version-tree.ts";
import { requireReference, resolveReference } from "../load/resolve-reference.ts";
import { readDetails } from "../load/version-details.ts";
import { type Found, unreachable, warnStale } from "./find.ts";
import { answerNarrowly, fetchNarrowly, here, isNarrow, type NarrowAnswer } from "./narrow-fetch.ts";

/** … of a registry by URL: the stage that the reference named is known already, or null. */
export interface FoundByUrl extends Found {
  readonly stage: StageName | null;
}

interface Asked {
  readonly mirrors: Mirrors;
  readonly narrow: RegistryContext;
  readonly offline: boolean;
}

/**
 * Finds references of a registry by URL: in the narrow mirror where that can answer, else in the whole one, where errors
 * have the words that they have in a clone. After a failure to reach the registry nothing more is asked of it, and what
 * was fetched last counts.
 */
export function findByUrl({ mirrors, narrow, offline }: Asked): (text: string) => Promise<FoundByUrl> {
  let stale: RegistryError | null = null;
  let whole: Freshened | null = null;
  let present = narrow;

  const findHere = async (reference: Reference): Promise<FoundByUrl | null> => {
    const { context, answer } = await readNarrow(present, reference);
    if (answer === null) return null;
    if (stale !== null) warnStale(context, stale, await context.fetchLog.read());
    return found(context, answer, { offline: offline || stale !== null, stale });
  };
  const findNarrow = async (reference: Reference): Promise<FoundByUrl | null> => {
    if (!isNarrow(reference)) return null;
    if (offline || stale !== null) return findHere(reference);
    try {
      const { context, answer } = await askNarrow({ mirrors, context: present }, reference);
      present = context;
      return answer === null ? null : found(context, answer, { offline, stale });
    } catch (error) {
      const failure = unreachable(error);
      // Perhaps it gives nothing in part: then the whole is asked for, and fails as well if it must.
      if (failure.code === "git-failed") return null;
      stale = failure;
      return findHere(reference);
    }
  };
  const findWhole = async (reference: Reference): Promise<FoundByUrl> => {
    try {
      whole ??= await openWhole({ mirrors, offline, failed: stale });
    } catch (error) {
      if (offline || stale !== null) throw error;
      stale = unreachable(error);
      const answer = isNarrow(reference) ? await findHere(reference) : null;
      if (answer === null) throw error;
      return answer;
    }
    stale ??= whole.stale;
    const { context } = await mended({ mirrors, context: whole.context }, async (there) => {
      await probe(there, reference);
      return { context: there };
    });
    whole = { ...whole, context };
    return { context, reference: reference.text, stage: null, offline: offline || stale !== null, stale };
  };
  return async (text) => {
    const reference = requireReference(text);
    return (await findNarrow(reference)) ?? findWhole(reference);
  };
}

function found(
  context: RegistryContext,
  { version, stage }: NarrowAnswer,
  how: { readonly offline: boolean; readonly stale: RegistryError | null },
): FoundByUrl {
  return { context, reference: formatVersionId(version), stage, ...how };
}

async function openWhole(how: {
  readonly mirrors: Mirrors;
  readonly offline: boolean;
  readonly failed: RegistryError | null;
}): Promise<Freshened> {
  const context = beginOperation(await how.mirrors.whole());
  return freshen({ ...how, context }, how);
}

/** Reads all that the answer needs, so that damage shows while it can be mended. What is wrong otherwise is an answer. */
async function probe(context: RegistryContext, { text }: Reference): Promise<void> {
  await requireRegistry(context, { asked: true });
  const details = await readDetails(context.git, (await resolveReference(context, text)).entry);
  await checkVersionTree(context.git, details);
}

interface Narrow {
  readonly context: RegistryContext;
  readonly answer: NarrowAnswer | null;
}

/** What was fetched last. A version never changes, so it need not have been asked for by its number. */
async function readNarrow(narrow: RegistryContext, reference: Reference): Promise<Narrow> {
  const own = logged(narrow, reference);
  const wasAsked = (await own.fetchLog.read()) !== null;
  const context = wasAsked ? own : narrow;
  const isKnown = wasAsked || reference.selector.kind === "version";
  return { context, answer: isKnown ? await here(() => answerNarrowly(context, reference)) : null };
}

/** Asks the registry. A mirror that is damaged or overgrown is made anew, once; it stays where that fails as well. */
async function askNarrow(
  { mirrors, context: narrow }: { readonly mirrors: Mirrors; readonly context: RegistryContext },
  reference: Reference,
): Promise<Narrow> {
  const anew = async (): Promise<Narrow> => {
    const fill = (context: RegistryContext) => bring(context, reference);
    const context = logged(beginOperation(await mirrors.renew("narrow", fill)), reference);
    return { context, answer: await answerNarrowly(context, reference) };
  };
  if (await narrow.mirror?.isOvergrown()) return anew();
  const context = logged(narrow, reference);
  try {
    await bring(narrow, reference);
    return { context, answer: await answerNarrowly(context, reference) };
  } catch (error) {
    if (!isMirrorsFault(error)) throw error;
    return anew().catch(() => Promise.reject(error));
  }
}

/** One process at a time asks; whoever had to wait for one that asked the same has its answer. */
async function bring(context: RegistryContext, reference: Reference): Promise<void> {
  const asked = context.clock.now();
  const { fetchLog } = logged(context, reference);
  const work = async ({ waited }: { readonly waited: boolean }) => {
    if (waited && ((await fetchLog.read()) ?? 0) > asked) return;
    const began = context.clock.now();
    await fetchNarrowly(context, reference);
    await Promise.all([fetchLog.record(began), context.fetchLog.record(began)]);
  };
  await (context.mirror === null ? work({ waited: false }) : context.mirror.alone(work));
}

/** The mirror with the log of this reference: others may have been fetched later. */
function logged(context: RegistryContext, { model, selector }: Reference): RegistryContext {
  if (context.mirror === null) return context;
  return { ...context, fetchLog: context.mirror.logOf(`${model} ${JSON.stringify(selector)}`) };
}
