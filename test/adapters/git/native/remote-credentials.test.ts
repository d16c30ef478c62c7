import { createServer, type Server } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { openNativeGit } from "../../../../src/adapters/git/native/open-native-git.ts";
import { credentialHelpers } from "../../../../src/adapters/git/native/remote-credentials.ts";
import { isolatedEnvironment } from "../../../support/run-git.ts";
import { tempRepo } from "../../../support/temp-repo.ts";

/** A server that wants a login, and then has no repository; `logins` are those that it was shown. */
async function startServer(): Promise<{ readonly origin: string; readonly logins: readonly string[] }> {
  const logins: string[] = [];
  const server: Server = createServer((request, response) => {
    const login = request.headers.authorization;
    if (login === undefined) return response.writeHead(401, { "www-authenticate": "Basic" }).end();
    logins.push(Buffer.from(login.replace("Basic ", ""), "base64").toString());
    return response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { origin: `http://127.0.0.1:${port}`, logins };
}

describe("a login for a remote", () => {
  it("is shown to its server and to no other", async () => {
    const [mine, other] = await Promise.all([startServer(), startServer()]);
    const repo = await tempRepo();
    await repo.git("remote", "add", "mine", `${mine.origin}/a.git`);
    await repo.git("remote", "add", "other", `${other.origin}/a.git`);
    const password = "p'a $HOME\"ss";
    const credentials = async () => [{ origin: mine.origin, username: "x-access-token", password }];
    const store = await openNativeGit({ directory: repo.path, env: isolatedEnvironment(), credentials });
    onTestFinished(() => store.close());
    await expect(store.listRemote("mine")).rejects.toMatchObject({ code: "git-failed" });
    await expect(store.listRemote("other")).rejects.toMatchObject({ code: "auth-failed" });
    expect(new Set(mine.logins)).toEqual(new Set([`x-access-token:${password}`]));
    expect(other.logins).toEqual([]);
  });

  it("keeps secrets off the command line", () => {
    const { config, env } = credentialHelpers([{ origin: "https://example.org", username: "u", password: "hush" }]);
    expect(config.join(" ")).not.toContain("hush");
    expect(Object.values(env)).toContain("hush");
  });

  it.each([
    { origin: "https://example.org/path", username: "u", password: "p" },
    { origin: "example.org", username: "u", password: "p" },
    { origin: "https://example.org", username: "u", password: "p\nusername=root" },
    { origin: "https://example.org", username: "u\r", password: "p" },
  ])("is refused as $origin, $username", (credential) => {
    expect(() => credentialHelpers([credential])).toThrowError(expect.objectContaining({ code: "usage" }));
  });
});
