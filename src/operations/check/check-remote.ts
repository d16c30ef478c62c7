import { type Finding, finding } from "../../domain/finding.ts";
import { parseVersionTag, parseYankTag } from "../../domain/model/version-tag.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import { parseReleaseTag } from "../../domain/stage/release-tag.ts";
import { RegistryError } from "../../errors.ts";
import type { RemoteAdvertisement } from "../../ports/git-store.ts";
import type { RegistryContext, RegistryRemote } from "../context.ts";
import { DRAFTS, draftRef, TAGS, tagRef } from "../load/ref-names.ts";
import type { Survey } from "./survey.ts";

/** What the remote says of its tags; the error where it cannot be asked, null without a remote. */
export type AdvertisedTags = RemoteAdvertisement | RegistryError | null;

export async function askRemoteTags({ git, remote }: RegistryContext): Promise<AdvertisedTags> {
  if (remote === null) return null;
  try {
    return await git.listRemote(remote.name, ["refs/tags/*"]);
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
}

/** Tags that the remote has as they are here: a draft among them was pushed by hand, and is no draft any more. */
export function publishedTags({ refs }: Survey, advertised: AdvertisedTags): ReadonlySet<string> {
  if (advertised === null || advertised instanceof RegistryError) return new Set();
  const there = new Map<string, ObjectId>(advertised.refs.map(({ name, id }) => [name, id]));
  const same = refs.filter(({ name, id }) => name.startsWith(TAGS) && there.get(name) === id);
  return new Set(same.map(({ name }) => name.slice(TAGS.length)));
}

/**
 * Holds the tags here against the remote's: `tag-moved` and `history-rewritten` where both have another object,
 * `tag-missing` and `release-missing` for published ones that the remote lacks, `draft-collides`. A remote that cannot
 * be asked is the warning `stale`.
 */
export function checkRemoteTags(
  { remote }: RegistryContext,
  survey: Survey,
  advertised: AdvertisedTags,
): readonly Finding[] {
  if (remote === null || advertised === null) return [];
  if (advertised instanceof RegistryError) return [unreachable(remote, advertised)];
  const there = new Map<string, ObjectId>(advertised.refs.map(({ name, id }) => [name.slice(TAGS.length), id]));
  const isNew = ![...there.keys()].some((tag) => parseVersionTag(tag) !== null);
  const drafts = new Map(survey.refs.filter(({ name }) => name.startsWith(DRAFTS)).map(({ name, id }) => [name, id]));
  return survey.refs.flatMap(({ name, id }): readonly Finding[] => {
    if (!name.startsWith(TAGS)) return [];
    const tag = name.slice(TAGS.length);
    const kind = kindOf(tag);
    const theirs = there.get(tag);
    if (kind === null || theirs === id) return [];
    const isDraft = drafts.get(draftRef(tag)) === id;
    if (theirs !== undefined) return [isDraft ? collision(tag) : differs(tag, { kind, remote, theirs, ours: id })];
    return isDraft || isNew ? [] : [lacking(tag, kind, remote)];
  });
}

type Kind = "version" | "yank" | "release";

function kindOf(tag: string): Kind | null {
  if (parseYankTag(tag) !== null) return "yank";
  if (parseReleaseTag(tag) !== null) return "release";
  return parseVersionTag(tag) === null ? null : "version";
}

function unreachable({ name }: RegistryRemote, error: RegistryError): Finding {
  return finding("stale", `${name} cannot be asked, so the tags here are compared with nothing: ${error.message}`, {
    severity: "warning",
    hint: error.hint,
  });
}

function collision(tag: string): Finding {
  return finding("draft-collides", `the draft ${tag} was published by somebody else, with other content`, {
    ref: tagRef(tag),
    hint: `git model discard "${tag.replace("@v", "@")}", then register again`,
  });
}

function differs(
  tag: string,
  at: { readonly kind: Kind; readonly remote: RegistryRemote; readonly theirs: ObjectId; readonly ours: ObjectId },
): Finding {
  const { kind, remote, theirs, ours } = at;
  const code = kind === "release" ? "history-rewritten" : "tag-moved";
  return finding(
    code,
    `the ${kind} tag ${tag} is ${theirs} at ${remote.name} and ${ours} here: one of them was moved`,
    {
      ref: tagRef(tag),
      hint: `git push --force ${remote.name} "refs/tags/${tag}" if ours is right, else git fetch --force ${remote.name} "refs/tags/${tag}:refs/tags/${tag}"`,
    },
  );
}

function lacking(tag: string, kind: Kind, { name }: RegistryRemote): Finding {
  const code = kind === "release" ? "release-missing" : "tag-missing";
  return finding(code, `the ${kind} tag ${tag} is here, but ${name} lacks it`, {
    severity: kind === "release" ? "warning" : "error",
    ref: tagRef(tag),
    hint: "git model push",
  });
}
