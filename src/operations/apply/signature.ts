import { finding } from "../../domain/finding.ts";
import type { Signature } from "../../ports/git-store.ts";
import type { RegistryContext } from "../context.ts";

/** The identity, now, in UTC (DETAILS 1 and 5). Warns when nobody configured one: a finished training is never lost to that. */
export async function signatureNow(context: RegistryContext): Promise<Signature> {
  const { name, email, invented } = await context.identify();
  if (invented) {
    context.reporter.warn(
      finding("identity-invented", `nobody set user.name and user.email, so this is recorded as ${name} <${email}>`, {
        severity: "warning",
        hint: 'git config --global user.name "…" && git config --global user.email "…"',
      }),
    );
  }
  return { name, email, seconds: Math.floor(context.clock.now() / 1000), zone: "+0000" };
}
