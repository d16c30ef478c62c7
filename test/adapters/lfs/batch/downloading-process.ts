/** Downloads one object until it is killed or done. Arguments: endpoint, storage, sha256, size. Prints a dot for every piece. */
import { openHttpClient } from "../../../../src/adapters/http/open-http-client.ts";
import { openLocalStore } from "../../../../src/adapters/lfs/local-store.ts";
import { artifactRemoteFor } from "../../../../src/adapters/lfs/remote-for-url.ts";
import type { Pointer } from "../../../../src/domain/artifact/pointer.ts";

async function* nobody() {
  // No login is known.
}

const [, , endpoint = "", storage = "", sha256 = "", size = ""] = process.argv;
const store = openLocalStore({ commonDir: storage, storage });
const config = [{ key: "lfs.url", value: endpoint }];
const http = openHttpClient({ config, environment: {}, logins: { offer: nobody }, registryUrl: null });
const remote = artifactRemoteFor({
  remoteName: "origin",
  url: endpoint,
  base: storage,
  store,
  environment: {},
  config: async () => config,
  http,
});
const pointer = { sha256: sha256 as Pointer["sha256"], size: Number(size) };
await remote.download([pointer], store, () => process.stdout.write("."));
await http.close();
process.stdout.write("done\n");
