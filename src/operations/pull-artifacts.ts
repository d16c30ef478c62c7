import { finding } from "../domain/finding.ts";
import { type ErrorCode, exitCodeOf, RegistryError } from "../errors.ts";
import type { PullAnswer, PulledModel } from "./answers.ts";
import type { RegistryContext } from "./context.ts";
import { requireReference } from "./load/resolve-reference.ts";
import type { BeginFinding, Find } from "./pull/find.ts";
import { layOut, type Target } from "./pull/lay-out.ts";
import { pullLocal } from "./pull/local-fallback.ts";
import type { PullQuestion } from "./questions.ts";

/** Errors on which a fallback is tried; never on wrong bytes or an unregistered stage (CLI.md "pull"). */
const FALLBACK_ON: ReadonlySet<ErrorCode> = new Set([
  "not-found",
  "network",
  "git-failed",
  "git-required",
  "shallow-history",
  "auth-failed",
  "forge-failed",
  "lfs-failed",
  "lfs-missing",
  "remote-ambiguous",
]);

/**
 * Hands out verified bytes: to a directory, behind a link, or from the cache. Each reference is tried, then the
 * fallbacks in order; the answer says which was used. One that cannot be had stops none of the others; then the worst of
 * the errors is thrown (DETAILS 34).
 */
export async function pullArtifacts(
  context: RegistryContext,
  question: PullQuestion,
  beginFinding: BeginFinding,
): Promise<PullAnswer> {
  checkQuestion(question);
  requireOwnDirectory(context, question);
  const named = [...question.references, ...(question.fallbacks ?? []).filter((text) => !isPath(text))];
  const find = await beginFinding(context, { references: named, offline: question.offline === true });
  const models: PulledModel[] = [];
  const failures: RegistryError[] = [];
  for (const requested of question.references) {
    try {
      models.push(await pullOne(context, { question, requested, find }));
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      failures.push(error);
    }
  }
  const [worst] = failures.toSorted((a, b) => exitCodeOf(b.code) - exitCodeOf(a.code));
  if (worst !== undefined) throw worst;
  return { models };
}

/** True iff a fallback names a directory, not a version (DETAILS 47). */
function isPath(text: string): boolean {
  return /^(?:\/|\.\.?\/|[A-Za-z]:[\\/])/.test(text);
}

function checkQuestion(question: PullQuestion): void {
  const { references, output, link, printPath } = question;
  if (references.length === 0)
    throw new RegistryError("usage", "name what to pull", { hint: "git model pull fraud@production -o ./model" });
  if (link !== undefined && references.length > 1)
    throw new RegistryError("usage", "--link takes one version: a link points at one directory");
  const ways = [output !== undefined, link !== undefined, printPath === true].filter(Boolean).length;
  if (ways > 1) throw new RegistryError("usage", "-o, --link and --print-path exclude each other");
  if (question.force === true && output === undefined) throw new RegistryError("usage", "--force goes with -o");
  for (const text of references) requireReference(text);
  for (const text of question.fallbacks ?? []) if (!isPath(text)) requireReference(text);
  const twice = references.find(
    (text, index) =>
      references.findIndex((one) => requireReference(one).model === requireReference(text).model) !== index,
  );
  if (twice !== undefined) {
    throw new RegistryError("usage", `${requireReference(twice).model} is named twice`, {
      hint: "one version of a model at a time",
    });
  }
}

/** The directory is replaced as a whole, which would pull the ground from under whoever stands in it. */
function requireOwnDirectory(context: RegistryContext, { output }: PullQuestion): void {
  if (output === undefined) return;
  const directory = context.resolvePath(output);
  const here = context.resolvePath(".");
  const isAbove = here === directory || here.startsWith(/[\\/]$/.test(directory) ? directory : `${directory}/`);
  if (output !== "" && !isAbove) return;
  throw new RegistryError("usage", `-o replaces a directory, and ${directory} is the current one or above it`, {
    hint: "choose a directory of its own: -o model",
  });
}

async function pullOne(
  context: RegistryContext,
  one: { readonly question: PullQuestion; readonly requested: string; readonly find: Find },
): Promise<PulledModel> {
  const { question, requested, find } = one;
  const target = targetOf(question, requested);
  const { role = null, verify = false } = question;
  let first: RegistryError | null = null;
  for (const used of [requested, ...(question.fallbacks ?? [])]) {
    let stale: RegistryError | null = null;
    const pullVersion = async () => {
      const found = await find(used);
      stale = found.stale;
      return layOut(found.context, { ...found, target, role, verify });
    };
    try {
      const answer = await (isPath(used) ? pullLocal(context, { path: used, target, requested }) : pullVersion());
      if (first !== null) warnFallback(context, { requested, used, first });
      return { ...answer, requested, used, fallback: first !== null };
    } catch (error) {
      if (!(error instanceof RegistryError) || !FALLBACK_ON.has(error.code)) throw error;
      // What could not be had for want of the remote is the remote's failure, and may succeed later.
      first ??= stale ?? error;
    }
  }
  throw first ?? new RegistryError("not-found", `there is nothing to pull for ${requested}`);
}

/** Where the files go: several references each get a directory of their own. */
function targetOf(question: PullQuestion, requested: string): Target {
  if (question.link !== undefined) return { kind: "link", path: question.link };
  if (question.output === undefined) return { kind: "cache" };
  const { model } = requireReference(requested);
  const path = question.references.length > 1 ? `${question.output}/${model}` : question.output;
  return { kind: "directory", path, within: question.output, force: question.force ?? false };
}

function warnFallback(
  context: RegistryContext,
  { requested, used, first }: { readonly requested: string; readonly used: string; readonly first: RegistryError },
): void {
  context.reporter.warn(
    finding("stale", `${requested} could not be had (${first.code}: ${first.message}), so ${used} is used instead`, {
      severity: "warning",
      hint: first.hint,
    }),
  );
}
