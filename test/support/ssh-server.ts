import { execFile, spawn } from "node:child_process";
import { appendFile, chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { oracle } from "./oracles.ts";
import { isolatedEnvironment } from "./run-git.ts";
import { tempDir } from "./temp-repo.ts";

export interface SshServer {
  /** `ssh://user@127.0.0.1:port/path`, for an absolute path. */
  url(path: string): string;
  /** For clients: an `ssh` on the PATH that has a key and knows the server, and nothing of the machine's own configuration. */
  readonly environment: NodeJS.ProcessEnv;
  /** That `ssh`, for `core.sshCommand`. */
  readonly command: string;
  /** The same for a client that lacks one of the two. */
  environmentWithout(part: "key" | "known-host"): Promise<NodeJS.ProcessEnv>;
  /** Every command that clients asked for, in order. */
  commands(): Promise<readonly string[]>;
}

/** What `git-lfs-authenticate` answers: an LFS server and how to log in there. */
export interface LfsAnswer {
  readonly href: string;
  readonly header?: Readonly<Record<string, string>>;
  readonly expires_in?: number;
}

/**
 * A real sshd on loopback that runs what is asked for as the current user and ends with the test. With `lfs` there is a
 * `git-lfs-authenticate` that answers it; `answering` replaces the shell commands that a client asks for.
 */
export async function startSshServer(
  options: { readonly lfs?: LfsAnswer; readonly answering?: string } = {},
): Promise<SshServer> {
  const directory = await tempDir("git-model-ssh-");
  const at = (name: string) => join(directory, name);
  await Promise.all([makeKey(at("host_key")), makeKey(at("user_key")), mkdir(at("bin"))]);
  await writeFile(at("authorized_keys"), await readFile(at("user_key.pub")));
  await writeFile(at("commands"), "");
  await writeScript(at("serve"), serveScript(directory, options.answering));
  if (options.lfs !== undefined) await writeScript(at("bin/git-lfs-authenticate"), authenticateScript(options.lfs));
  await writeFile(at("sshd_config"), sshdConfig(directory));
  const port = await listen(at("sshd_config"));
  await writeFile(at("known_hosts"), `[127.0.0.1]:${port} ${await readFile(at("host_key.pub"), "utf8")}`);
  const environment = await clientEnvironment({ key: at("user_key"), knownHosts: at("known_hosts") });
  return {
    url: (path) => `ssh://${userInfo().username}@127.0.0.1:${port}${path}`,
    environment,
    command: join((environment.PATH ?? "").split(delimiter)[0] ?? "", "ssh"),
    async environmentWithout(part) {
      const strange = join(await tempDir(), "key");
      await makeKey(strange);
      return clientEnvironment({
        key: part === "key" ? strange : at("user_key"),
        knownHosts: part === "known-host" ? "/dev/null" : at("known_hosts"),
      });
    },
    commands: async () => (await readFile(at("commands"), "utf8")).split("\n").filter((line) => line !== ""),
  };
}

async function makeKey(path: string): Promise<void> {
  await promisify(execFile)("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path]);
}

async function writeScript(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
}

function sshdConfig(directory: string): string {
  return [
    `HostKey ${directory}/host_key`,
    `AuthorizedKeysFile ${directory}/authorized_keys`,
    // The temporary directory may belong to everybody.
    "StrictModes no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "UsePAM no",
    "UseDNS no",
    "PidFile none",
    "LogLevel ERROR",
    "AcceptEnv GIT_PROTOCOL",
    `ForceCommand ${directory}/serve`,
    "",
  ].join("\n");
}

/** What the forced command does: notes what the client asked for, and runs it without the machine's git configuration. */
function serveScript(directory: string, answering: string | undefined): string {
  const environment = Object.entries({
    ...isolatedEnvironment(),
    PATH: [join(directory, "bin"), process.env.PATH].join(delimiter),
  });
  const wanted = /^(GIT_|PATH$|LC_ALL$)/;
  const exports = environment.filter(([name]) => wanted.test(name)).map(([name, value]) => `export ${name}='${value}'`);
  return [
    `printf '%s\\n' "$SSH_ORIGINAL_COMMAND" >>'${directory}/commands'`,
    ...exports,
    answering ?? 'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"',
  ].join("\n");
}

function authenticateScript(answer: LfsAnswer): string {
  return [
    'case "$2" in upload|download) ;; *) echo "no such operation: $2" >&2; exit 1;; esac',
    `cat <<'ANSWER'\n${JSON.stringify(answer)}\nANSWER`,
  ].join("\n");
}

/** One sshd per connection, as inetd would do it: no port has to be guessed, and nothing outlives the test. */
async function listen(config: string): Promise<number> {
  const program = oracle("sshd");
  if (program === null) throw new Error("sshd is not installed");
  // Where it insists on when root runs it.
  if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const children = new Set<ReturnType<typeof spawn>>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on("error", () => undefined);
    const child = spawn(program, ["-i", "-e", "-f", config], {
      stdio: [socket, socket, "pipe"],
      env: { PATH: process.env.PATH },
    });
    children.add(child);
    child.stderr?.on("data", (said: Buffer) => void appendFile(`${config}.log`, said));
    child.on("close", () => {
      children.delete(child);
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const child of children) child.kill();
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function clientEnvironment({
  key,
  knownHosts,
}: {
  readonly key: string;
  readonly knownHosts: string;
}): Promise<NodeJS.ProcessEnv> {
  const directory = await tempDir("git-model-ssh-client-");
  const settings = [
    `IdentityFile ${key}`,
    "IdentitiesOnly yes",
    "IdentityAgent none",
    `UserKnownHostsFile ${knownHosts}`,
    "GlobalKnownHostsFile /dev/null",
    "UpdateHostKeys no",
    "KexAlgorithms curve25519-sha256",
    "",
  ];
  await writeFile(join(directory, "config"), settings.join("\n"));
  const ssh = (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, "ssh"));
  const real = await firstThatExists(ssh);
  await writeScript(join(directory, "ssh"), `exec '${real}' -F '${directory}/config' "$@"`);
  return { PATH: [directory, process.env.PATH].join(delimiter) };
}

async function firstThatExists(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    if ((await readFile(path).catch(() => null)) !== null) return path;
  }
  throw new Error("there is no ssh on the PATH");
}
