import type { Artifact } from "../../domain/artifact/artifact.ts";
import type { RegistryContext } from "../context.ts";

/**
 * Sends what the remote lacks and waits until it says that it has everything; the digests that were sent.
 * Throws `lfs-missing`, `lfs-failed`: then no tag may follow.
 */
export async function uploadArtifacts(
  context: RegistryContext,
  artifacts: readonly Pick<Artifact, "sha256" | "size">[],
): Promise<ReadonlySet<string>> {
  if (context.remote === null) return new Set();
  const unique = [...new Map(artifacts.filter(({ size }) => size > 0).map((one) => [one.sha256, one])).values()];
  const missing = await context.remote.artifacts.missing(unique);
  if (missing.length === 0) return new Set();
  const total = missing.reduce((sum, { size }) => sum + size, 0);
  const progress = context.reporter.progress("uploading", total);
  try {
    const sent = await context.remote.artifacts.upload(missing, (bytes) => progress.advance(bytes));
    return new Set(sent.map(({ sha256 }) => sha256));
  } finally {
    progress.done();
  }
}
