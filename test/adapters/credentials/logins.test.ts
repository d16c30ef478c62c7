import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { environmentLogin } from "../../../src/adapters/credentials/environment-login.ts";
import { gitIn } from "../../../src/adapters/credentials/git-credential.ts";
import type { Logins } from "../../../src/adapters/credentials/logins.ts";
import { openLogins } from "../../../src/adapters/credentials/open-logins.ts";
import { describeWith } from "../../support/oracles.ts";
import { isolatedEnvironment } from "../../support/run-git.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { testClient } from "../http/http-support.ts";
import { basicOf, startServer } from "../http/loopback-server.ts";

const REGISTRY = "https://git.example.org/team/models.git";

interface Setting {
  readonly environment?: Readonly<Record<string, string>>;
  readonly registryUrl?: string | null;
  readonly lfsOrigins?: readonly string[];
}

function loginsOf({ environment = {}, registryUrl = REGISTRY, lfsOrigins = [] }: Setting): Logins {
  return openLogins({
    config: [],
    environment: { HOME: "/nowhere", PATH: "", ...environment },
    registryUrl,
    lfsOrigins,
    runGit: null,
  });
}

/** Every login on offer, refused one after the other. */
async function offered(logins: Logins, url: string): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const login of logins.offer(new URL(url))) {
    all.push(`${login.username}:${login.password}`);
    await login.refused();
  }
  return all;
}

async function script(path: string, body: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return path;
}

describe("logins of the environment", () => {
  const environment = { GIT_MODEL_TOKEN: "m", GITHUB_TOKEN: "g", GH_TOKEN: "h" };

  it("go to the origin they are for and nowhere else", async () => {
    const logins = loginsOf({ environment });
    expect(await offered(logins, `${REGISTRY}/info/refs`)).toEqual(["x-access-token:m"]);
    expect(await offered(logins, "https://github.com/a/b")).toEqual(["x-access-token:g", "x-access-token:h"]);
    for (const url of [
      "http://git.example.org/team/models.git",
      "https://git.example.org:8443/",
      "https://example.org/",
      "https://evil.git.example.org/",
      "http://github.com/a/b",
      "https://github.com.evil.org/",
      "https://api.github.com/",
    ]) {
      expect(await offered(logins, url)).toEqual([]);
    }
  });

  it("of GitHub go to its own server where there is one", async () => {
    const logins = loginsOf({ environment: { ...environment, GITHUB_SERVER_URL: "https://ghe.example.org" } });
    expect(await offered(logins, "https://github.com/a/b")).toEqual([]);
    expect(await offered(logins, "https://ghe.example.org/a/b")).toEqual(["x-access-token:g", "x-access-token:h"]);
  });

  it("come in their order for a registry on GitHub", async () => {
    const logins = loginsOf({ environment, registryUrl: "https://github.com/acme/models" });
    expect(await offered(logins, "https://github.com/acme/models.git/info/lfs")).toEqual([
      "x-access-token:m",
      "x-access-token:g",
      "x-access-token:h",
    ]);
  });

  it("are the registry's at its LFS server, too, however Git comes to it", async () => {
    const logins = loginsOf({ environment, registryUrl: "ssh://git@h/p", lfsOrigins: ["https://lfs.example.org"] });
    expect(await offered(logins, "https://lfs.example.org/objects/batch")).toEqual(["x-access-token:m"]);
    expect(await offered(logins, "https://lfs.example.org:8443/objects/batch")).toEqual([]);
    expect(await offered(logins, "http://lfs.example.org/objects/batch")).toEqual([]);
  });

  it("are known for native git without asking anybody", () => {
    const known = (origin: string) =>
      environmentLogin(origin, environment, ["https://git.example.org"])?.password ?? null;
    expect(known("https://git.example.org")).toBe("m");
    expect(known("https://github.com")).toBe("g");
    expect(known("https://example.org")).toBeNull();
    expect(environmentLogin("https://a.org", { GIT_MODEL_TOKEN: "" }, ["https://a.org"])).toBeNull();
    expect(environmentLogin("null", environment, [null])).toBeNull();
  });

  it("come after userinfo of the URL and of the registry's", async () => {
    const registryUrl = "https://ada:p%40ss@git.example.org/team/models.git";
    const logins = loginsOf({ environment, registryUrl });
    expect(await offered(logins, "https://bob:q@git.example.org/x")).toEqual(["bob:q", "ada:p@ss", "x-access-token:m"]);
    const again = loginsOf({ environment, registryUrl });
    expect(await offered(again, "https://git.example.org/x")).toEqual(["ada:p@ss", "x-access-token:m"]);
    expect(await offered(again, "https://other.example.org/x")).toEqual([]);
  });
});

describe("logins of gh", () => {
  it("are asked for GitHub's host, and silence is no error", async () => {
    const bin = await tempDir();
    await script(join(bin, "gh"), `echo "$*" >> ${bin}/log; echo gho_secret`);
    const logins = loginsOf({ environment: { PATH: `${bin}:/usr/bin:/bin` } });
    expect(await offered(logins, "https://github.com/a/b")).toEqual(["x-access-token:gho_secret"]);
    expect(await offered(logins, "https://example.org/a/b")).toEqual([]);
    expect(await readFile(join(bin, "log"), "utf8")).toBe("auth token --hostname github.com\n");
    await script(join(bin, "gh"), "echo no oauth token >&2; exit 1");
    const failing = loginsOf({ environment: { PATH: `${bin}:/usr/bin:/bin` } });
    expect(await offered(failing, "https://github.com/a/b")).toEqual([]);
  });
});

describe("logins of netrc", () => {
  it("are read from $NETRC, ~/.netrc and ~/_netrc", async () => {
    const home = await tempDir();
    const url = "https://git.example.org/x";
    await writeFile(join(home, "_netrc"), "machine git.example.org login w password 1");
    expect(await offered(loginsOf({ environment: { HOME: home } }), url)).toEqual(["w:1"]);
    await writeFile(join(home, ".netrc"), "machine git.example.org login u password 2");
    expect(await offered(loginsOf({ environment: { HOME: home } }), url)).toEqual(["u:2"]);
    await writeFile(join(home, "other"), "default login n password 3");
    const environment = { HOME: home, NETRC: join(home, "other") };
    expect(await offered(loginsOf({ environment }), url)).toEqual(["n:3"]);
  });
});

describeWith(["git"], "git's credential helpers", () => {
  /** A helper that knows one login and logs what it is told. */
  async function withHelper({ answer = "username=ada\npassword=s3cret", config = [] as readonly string[] } = {}) {
    const home = await tempDir();
    const log = join(home, "log");
    await writeFile(join(home, "answer"), `${answer}\n`);
    const helper = await script(
      join(home, "helper"),
      `{ echo "[$1]"; cat; } >> ${log}\ntest "$1" = get && cat ${join(home, "answer")}\nexit 0`,
    );
    const settings = [["credential.helper", helper] as const, ...config.map((key) => [key, "true"] as const)];
    const text = settings.map(([key, value]) => {
      const at = key.lastIndexOf(".");
      const [section, ...rest] = key.slice(0, at).split(/\.(.*)/s);
      return `[${section}${rest[0] ? ` "${rest[0]}"` : ""}]\n${key.slice(at + 1)} = ${value}\n`;
    });
    await writeFile(join(home, ".gitconfig"), text.join(""));
    const environment = isolatedEnvironment({ HOME: home, GIT_CONFIG_GLOBAL: join(home, ".gitconfig") });
    const entries = settings.map(([key, value]) => ({ key: key.toLowerCase(), value }));
    const logins = openLogins({
      config: entries,
      environment,
      registryUrl: REGISTRY,
      runGit: gitIn(home, environment),
    });
    const said = async () => (await readFile(log, "utf8").catch(() => "")).split(/(?=\[)/).map((part) => part.trim());
    return { logins, said, home, environment };
  }

  const first = async (logins: Logins, url: string) => {
    for await (const login of logins.offer(new URL(url))) return login;
    return null;
  };

  it("are asked for host and port, once, and told what became of the login", async () => {
    const { logins, said } = await withHelper();
    const url = "https://git.example.org:8443/team/models.git/info/lfs/objects/batch";
    const offers = await Promise.all(Array.from({ length: 8 }, () => first(logins, url)));
    expect(offers.map((login) => login?.password)).toEqual(Array(8).fill("s3cret"));
    expect(await said()).toEqual(["[get]\nprotocol=https\nhost=git.example.org:8443"]);
    await Promise.all(offers.map((login) => login?.accepted()));
    expect((await said()).slice(1)).toEqual([
      "[store]\nprotocol=https\nhost=git.example.org:8443\nusername=ada\npassword=s3cret",
    ]);
    expect((await first(logins, url))?.username).toBe("ada");
    expect((await said()).length).toBe(2);
  });

  it("erase what was refused, once, and are asked no more", async () => {
    const { logins, said } = await withHelper();
    const offers = await Promise.all([first(logins, REGISTRY), first(logins, REGISTRY)]);
    await Promise.all(offers.map((login) => login?.refused()));
    expect((await said()).map((part) => part.split("\n")[0])).toEqual(["[get]", "[erase]"]);
    expect((await said())[1]).toContain("password=s3cret");
    expect(await first(logins, REGISTRY)).toBeNull();
    expect((await said()).length).toBe(2);
  });

  it("are asked again when a login that was good is good no more", async () => {
    const { logins, said, home } = await withHelper();
    const old = await first(logins, REGISTRY);
    await old?.accepted();
    await writeFile(join(home, "answer"), "username=ada\npassword=renewed\n");
    await old?.refused();
    expect(await first(logins, REGISTRY)).toMatchObject({ password: "renewed" });
    expect((await said()).map((part) => part.split("\n")[0])).toEqual(["[get]", "[store]", "[erase]", "[get]"]);
  });

  it("get back every attribute that git passed on, known or not", async () => {
    const calls: string[] = [];
    const answer =
      "username=ada\npassword=s=cr=t\npassword_expiry_utc=99999999999\noauth_refresh_token=re fresh\nstate[]=x";
    const runGit = async (args: readonly string[], input: string) => {
      calls.push(`${args.join(" ")}: ${input}`);
      return args[1] === "fill" ? `protocol=https\nhost=git.example.org\n${answer}\n` : "";
    };
    const logins = openLogins({ config: [], environment: { HOME: "/nowhere" }, registryUrl: REGISTRY, runGit });
    const login = await first(logins, REGISTRY);
    expect(login?.password).toBe("s=cr=t");
    await login?.accepted();
    expect(calls.at(-1)).toBe(`credential approve: protocol=https\nhost=git.example.org\n${answer}\n\n`);
  });

  it("that say quit, fail or know nothing are no error", async () => {
    for (const answer of ["quit=1", "", "username=ada", "nonsense"]) {
      const { logins } = await withHelper({ answer });
      expect(await first(logins, REGISTRY)).toBeNull();
    }
  });

  it("get the repository's path where credential.useHttpPath is set, and one login for each", async () => {
    const { logins, said } = await withHelper({ config: ["credential.https://git.example.org.useHttpPath"] });
    for (const url of [
      "https://git.example.org/team/models.git/info/refs?service=git-upload-pack",
      "https://git.example.org/team/models.git/info/lfs/objects/batch",
      "https://git.example.org/team/models.git/git-receive-pack",
      "https://git.example.org/other/b%20c.git/info/lfs/locks",
      "https://elsewhere.example.org/team/models.git",
    ]) {
      await first(logins, url);
    }
    expect(await said()).toEqual([
      "[get]\nprotocol=https\nhost=git.example.org\npath=team/models.git",
      "[get]\nprotocol=https\nhost=git.example.org\npath=other/b c.git",
      "[get]\nprotocol=https\nhost=elsewhere.example.org",
    ]);
  });

  it("are asked for the user that the URL names, and never with a line break", async () => {
    const { logins, said } = await withHelper({ config: ["credential.useHttpPath"] });
    await first(logins, "https://grace@git.example.org/a%0ahost=evil.org");
    await first(logins, "https://gr%0aace@git.example.org/x");
    expect(await said()).toEqual([
      "[get]\nprotocol=https\nhost=git.example.org\nusername=grace",
      "[get]\nprotocol=https\nhost=git.example.org\npath=x",
    ]);
  });

  it("are asked once for a thousand requests, of which many come at once", async () => {
    const { said, home, environment } = await withHelper();
    const server = await startServer(({ headers }, response) => {
      response.writeHead(basicOf(headers) === "ada:s3cret" ? 200 : 401).end();
    });
    const registryUrl = `${server.origin}/models.git`;
    const logins = openLogins({ config: [], environment, registryUrl, runGit: gitIn(home, environment) });
    const client = testClient({ logins, registryUrl });
    const statuses = await Promise.all(
      Array.from({ length: 1000 }, async () => {
        const reply = await client.send({ method: "GET", url: registryUrl, access: "login" });
        await reply.discard();
        return reply.status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect((await said()).map((part) => part.split("\n")[0])).toEqual(["[get]", "[store]"]);
  });

  it("come last", async () => {
    const { logins, said, home } = await withHelper();
    await writeFile(join(home, ".netrc"), "machine git.example.org login u password 2");
    expect(await offered(logins, REGISTRY)).toEqual(["u:2", "ada:s3cret"]);
    expect((await said())[0]).toContain("[get]");
  });

  it("are passed over without git", async () => {
    const { environment, home } = await withHelper();
    const without = { ...environment, PATH: home };
    const logins = openLogins({
      config: [],
      environment: without,
      registryUrl: REGISTRY,
      runGit: gitIn(home, without),
    });
    expect(await first(logins, REGISTRY)).toBeNull();
  });

  it("are asked nothing before somebody wants a login", async () => {
    const { logins, said } = await withHelper();
    logins.offer(new URL(REGISTRY));
    expect(await said()).toEqual([""]);
  });
});
