import { formatVersionId } from "../../domain/model/version-tag.ts";
import { RegistryError } from "../../errors.ts";
import type { VersionContent } from "../apply/write-version.ts";
import type { RegistryContext } from "../context.ts";
import type { VersionEntry } from "../load/catalog.ts";
import { CARD_FILE, CARD_LIMIT, readDetails, readFile, tryReadVersions } from "../load/version-details.ts";
import { differences } from "./same-content.ts";

/** What an existing version consists of; null where it cannot be read, which makes it nobody's equal. */
export async function readContent(context: RegistryContext, entry: VersionEntry): Promise<VersionContent | null> {
  try {
    const details = await readDetails(context.git, entry);
    const card = await readFile(context.git, details, { name: CARD_FILE, limit: CARD_LIMIT });
    return { manifest: details.manifest, card };
  } catch (error) {
    if (error instanceof RegistryError && ["manifest-invalid", "git-failed"].includes(error.code)) return null;
    throw error;
  }
}

/** The refusal of a version that is taken: who made it, and in what it differs. */
export async function versionExists(
  context: RegistryContext,
  mine: VersionContent,
  taken: { readonly entry: VersionEntry; readonly content: VersionContent | null },
): Promise<RegistryError> {
  const differing = taken.content === null ? ["manifest.yaml"] : differences(mine, taken.content);
  const more = differing.length > 5 ? ` and ${differing.length - 5} more` : "";
  const verb = differing.length === 1 ? "differs" : "differ";
  const shown = `${differing.slice(0, 5).join(", ")}${more} ${verb}`;
  return new RegistryError(
    "version-exists",
    `${formatVersionId(mine.manifest)} is already registered, with other content: ${shown} from what ${await describeAuthor(context, taken.entry)}`,
    { hint: "register it as the next version: leave out --version, or use --bump" },
  );
}

async function describeAuthor(context: RegistryContext, entry: VersionEntry): Promise<string> {
  const [version] = await tryReadVersions(context.git, [entry]);
  if (!version) return "its tag holds";
  const { commitObject, tagObject } = version;
  const { seconds } = tagObject.tagger ?? commitObject.committer;
  return `${commitObject.author.name} registered on ${new Date(seconds * 1000).toISOString().slice(0, 10)}`;
}
