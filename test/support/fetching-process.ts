import { openEmbeddedGit } from "../../src/adapters/git/embedded/open-embedded-git.ts";
import { openHttpClient } from "../../src/adapters/http/open-http-client.ts";

/** A process of its own that fetches all branches and tags of `origin` and says `done`. Argument: the directory. */
const [directory = ""] = process.argv.slice(2);
const logins = { async *offer() {} };
const store = await openEmbeddedGit({
  directory,
  env: process.env,
  http: (config) => openHttpClient({ config, environment: {}, logins, registryUrl: null }),
});
process.stdout.write("open\n");
await store.fetch("origin", [
  { source: "refs/heads/*", target: "refs/remotes/origin/*", force: true },
  { source: "refs/tags/*", target: "refs/tags/*", force: false },
]);
process.stdout.write("done\n");
await store.close();
process.exit(0);
