import { finding } from "../../domain/finding.ts";
import type { PulledModel } from "../answers.ts";
import type { RegistryContext } from "../context.ts";
import type { Target } from "./lay-out.ts";

/** The last resort: a directory of the user's own, unverified and said to be (DETAILS 47). */
export async function pullLocal(
  context: RegistryContext,
  question: { readonly path: string; readonly target: Target; readonly requested: string },
): Promise<Omit<PulledModel, "requested" | "used" | "fallback">> {
  const { path, target } = question;
  const directory = context.resolvePath(path);
  const listed = await context.cache.listDirectory(directory);
  context.reporter.warn(
    finding("unverified", `${path} is not from the registry: its bytes are not verified`, { severity: "warning" }),
  );
  const files = listed.map((one) => ({ ...one, role: null, sha256: null, source: "local" as const }));
  const nothing = { model: null, version: null, tag: null, commit: null, tree: null, files };
  if (target.kind === "cache") return { ...nothing, path: directory, changed: false };
  if (target.kind === "link") {
    const { changed } = await context.cache.link(directory, context.resolvePath(target.path));
    return { ...nothing, path: target.path, changed };
  }
  const { force, within } = target;
  await context.cache.copyDirectory(directory, context.resolvePath(target.path), {
    force,
    within: context.resolvePath(within),
  });
  return { ...nothing, path: target.path, changed: true };
}
