import { onTestFinished } from "vitest";
import { openLogins } from "../../src/adapters/credentials/open-logins.ts";
import type { HttpClient } from "../../src/adapters/http/http-client.ts";
import { openHttpClient } from "../../src/adapters/http/open-http-client.ts";
import type { ConfigEntry } from "../../src/ports/git-store.ts";

/** The real client without any login but those in addresses. */
export function testHttpClient(config: readonly ConfigEntry[] = [], idleTimeoutMs = 5000): HttpClient {
  const known = { config, environment: {}, registryUrl: null };
  const client = openHttpClient({ ...known, logins: openLogins({ ...known, runGit: null }), idleTimeoutMs });
  onTestFinished(() => client.close());
  return client;
}
