import { chmod, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";
import { findEndpoint, type SshEndpoint } from "../../../src/adapters/lfs/endpoint.ts";
import { sshAccess } from "../../../src/adapters/lfs/ssh-authenticate.ts";
import { sshCall } from "../../../src/adapters/lfs/ssh-call.ts";
import type { Pointer } from "../../../src/domain/artifact/pointer.ts";
import { startLfsServer } from "../../support/lfs-server/lfs-server.ts";
import { describeWith } from "../../support/oracles.ts";
import { startSshServer } from "../../support/ssh-server.ts";
import { tempDir } from "../../support/temp-repo.ts";
import { openSide, quickClock } from "./batch/batch-support.ts";
import { failure } from "./objects.ts";

function endpointOf(url: string): SshEndpoint {
  const endpoint = findEndpoint("download", { remoteName: "origin", url, config: [] });
  if (endpoint.kind !== "ssh") throw new Error(`${url} is no ssh address`);
  return endpoint;
}

describeWith(["sshd"], "a remote by ssh", () => {
  it("is asked by git-lfs-authenticate, once for each operation, and its headers are sent", async () => {
    const server = await startLfsServer({ login: "ssh:pass" });
    const Authorization = `Basic ${Buffer.from("ssh:pass").toString("base64")}`;
    // The server's actions carry nothing of their own: they lie elsewhere.
    const storage = await startLfsServer();
    const pointing = await startLfsServer({ login: "ssh:pass", actionOrigin: storage.origin });
    const ssh = await startSshServer({ lfs: { href: pointing.endpoint, header: { Authorization }, expires_in: 3600 } });
    const { environment } = ssh;
    const { oid, size } = await pointing.objects.put("one");
    await storage.objects.put("one");
    const pointer = { sha256: oid as Pointer["sha256"], size };
    const { remote, store } = await openSide(null, { url: ssh.url("/srv/models"), environment });
    await remote.download([pointer], store);
    await remote.missing([pointer, { ...pointer, size: 9 }]);
    await remote.upload([pointer]);
    expect(await store.check(pointer)).toBe("present");
    expect(await ssh.commands()).toEqual([
      "git-lfs-authenticate /srv/models download",
      "git-lfs-authenticate /srv/models upload",
      "git-lfs-authenticate /srv/models download",
    ]);
    expect(new Set(pointing.requests.map(({ headers }) => headers.authorization))).toEqual(new Set([Authorization]));
    expect(storage.requests.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
    expect(server.connections).toBe(0);
  });

  it("is asked again when its answer expired or was refused, once", async () => {
    let allowed = true;
    const server = await startLfsServer({
      behaviour: {
        batch: (reply, { response, turn }) => {
          if (allowed || turn === 2) return reply;
          response.writeHead(401).end();
          return null;
        },
      },
    });
    const header = { Authorization: "RemoteAuth token" };
    const ssh = await startSshServer({ lfs: { href: server.endpoint, header, expires_in: 60 } });
    const { remote, clock } = await openSide(null, { url: ssh.url("/p"), environment: ssh.environment });
    const pointer = { sha256: "a".repeat(64) as Pointer["sha256"], size: 1 };
    await remote.missing([pointer]);
    expect(await ssh.commands()).toHaveLength(1);
    clock.pass(56_000);
    await remote.missing([pointer]);
    expect(await ssh.commands()).toHaveLength(2);
    allowed = false;
    expect(await failure(remote.missing([pointer]))).toMatchObject({ code: "auth-failed" });
    expect(await ssh.commands()).toHaveLength(3);
    expect(server.requests).toHaveLength(4);
  });

  it("without git-lfs-authenticate is asked at the address that follows from its own", async () => {
    const ssh = await startSshServer();
    const access = sshAccess(() => endpointOf(ssh.url("/p")), {
      config: [],
      environment: ssh.environment,
      clock: quickClock(),
      cwd: "/",
    });
    expect(await access("download", false)).toMatchObject({ url: "https://127.0.0.1/p.git/info/lfs", headers: {} });
  });

  it.each([
    ["key", "auth-failed", /permission denied/i],
    ["known-host", "auth-failed", /host key verification failed/i],
  ] as const)("says what ssh said where the %s is missing", async (part, code, says) => {
    const ssh = await startSshServer({ lfs: { href: "https://h" } });
    const environment = await ssh.environmentWithout(part);
    const { remote } = await openSide(null, { url: ssh.url("/p"), environment });
    const error = await failure(remote.missing([{ sha256: "a".repeat(64) as Pointer["sha256"], size: 1 }]));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it.each([
    ["no JSON", "echo hello", "lfs-failed", "not JSON"],
    ["a list", "echo '[]'", "lfs-failed", "not an object"],
    ["href file:", `echo '{"href":"file:///etc"}'`, "lfs-failed", "scheme file:"],
    ["CRLF in a header", `printf '%s' '{"header":{"a":"b\\r\\nc: d"}}'`, "lfs-failed", "cannot be sent"],
    ["a refusal", "echo 'no \u001b[31mmodels for you' >&2; exit 1", "auth-failed", /no +\[31mmodels for you/],
    ["too much", "yes", "network", "too much"],
  ])("that answers %s is %s", async (_, answering, code, says) => {
    const ssh = await startSshServer({ answering });
    const { remote } = await openSide(null, { url: ssh.url("/p"), environment: ssh.environment });
    const error = await failure(remote.missing([{ sha256: "a".repeat(64) as Pointer["sha256"], size: 1 }]));
    expect(error.message).toMatch(says);
    expect(error.code).toBe(code);
  });

  it("gets a path with blanks and quotes as one word", async () => {
    const ssh = await startSshServer({ lfs: { href: "https://h.invalid" } });
    const path = "/srv/it's; touch x";
    const access = sshAccess(() => endpointOf(ssh.url(encodeURI(path))), {
      config: [],
      environment: ssh.environment,
      clock: quickClock(),
      cwd: "/",
    });
    expect(await access("upload", false)).toMatchObject({ url: "https://h.invalid" });
    expect(await ssh.commands()).toEqual([`git-lfs-authenticate '/srv/it'\\''s; touch x' upload`]);
  });
});

describe("the ssh of the user's choice", () => {
  const at = { userAndHost: "ada@h", port: "2222" };
  const words = (environment: NodeJS.ProcessEnv, config: Readonly<Record<string, string>> = {}) => {
    const entries = Object.entries(config).map(([key, value]) => ({ key, value }));
    const { command, args } = sshCall(at, "git-lfs-authenticate p download", { config: entries, environment });
    return [command, ...args].join(" ");
  };

  it("is ssh, which neither asks nor waits", () => {
    expect(words({})).toMatch(/^ssh -o BatchMode=yes .*-p 2222 -- ada@h git-lfs-authenticate p download$/);
  });

  it.each([
    [{ GIT_SSH: "/opt/plink" }, {}, "/opt/plink -P 2222 ada@h "],
    [{ GIT_SSH: "C:\\Tools\\TortoisePlink.exe" }, {}, "C:\\Tools\\TortoisePlink.exe -batch -P 2222 ada@h "],
    [{ GIT_SSH: "/opt/my-ssh" }, {}, "/opt/my-ssh -p 2222 -- ada@h "],
    [{ GIT_SSH: "/opt/my-ssh", GIT_SSH_VARIANT: "plink" }, {}, "/opt/my-ssh -P 2222 ada@h "],
    [{ GIT_SSH: "/opt/my-ssh" }, { "ssh.variant": "putty" }, "/opt/my-ssh -P 2222 ada@h "],
    [{ GIT_SSH: "x" }, { "core.sshcommand": "ssh -v" }, 'sh -c ssh -v "$@" ssh -v -p 2222 -- ada@h '],
    [{ GIT_SSH_COMMAND: "a b" }, { "core.sshcommand": "ssh -v" }, 'sh -c a b "$@" a b -p 2222 -- ada@h '],
  ])("with %j and %j", (environment, config, expected) => {
    expect(words(environment, config as Record<string, string>)).toBe(`${expected}git-lfs-authenticate p download`);
  });

  it("cannot be told a port where it is simple", () => {
    expect(() => words({ GIT_SSH: "x", GIT_SSH_VARIANT: "simple" })).toThrow("cannot be told the port");
  });

  it("is started by the shell with its arguments as they are", async () => {
    const directory = await tempDir();
    const script = join(directory, "my ssh");
    await writeFile(script, `#!/bin/sh\nfor word in "$@"; do printf '%s\\n' "$word"; done >&2\nexit 3\n`);
    await chmod(script, 0o755);
    const environment = { PATH: [directory, process.env.PATH].join(delimiter), GIT_SSH_COMMAND: `'${script}' -v` };
    const endpoint = {
      kind: "ssh" as const,
      userAndHost: "$(touch x)@h",
      port: null,
      path: "p",
      fallback: "https://h",
    };
    const access = sshAccess(() => endpoint, { config: [], environment, clock: quickClock(), cwd: directory });
    const error = await failure(access("download", false));
    expect(error.message).toContain("failed: git-lfs-authenticate p download");
    expect(error.message).toContain("$(touch x)@h");
  });

  it("that is not installed is said", async () => {
    const access = sshAccess(() => endpointOf("ada@h:p"), {
      config: [],
      environment: { PATH: "/nonexistent" },
      clock: quickClock(),
      cwd: "/",
    });
    expect(await failure(access("download", false))).toMatchObject({ code: "lfs-failed" });
  });
});
