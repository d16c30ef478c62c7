import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Where CI puts what it builds itself. */
const TOOLS = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "git-model-ci");
const GIT_HTTP_SERVER = fileURLToPath(new URL("git-http-server.mjs", import.meta.url));

/**
 * An LFS server written by others on a loopback port, in a process of its own, with storage below `directory`.
 * `project` gives a store of its own to push to and pull from. Null where the server is not installed.
 * @typedef {{ url: string, remove(): Promise<void> }} Project
 * @param {"rudolfs" | "gitea"} name
 * @returns {Promise<null | { version: string, project(name: string): Promise<Project>, close(): Promise<void> }>}
 */
export function startLfsServer(name, directory) {
  return name === "gitea" ? startGitea(directory) : startRudolfs(directory);
}

/** The repositories below `root` over smart HTTP. */
export async function startGitServer(root, env) {
  const child = spawn(process.execPath, [GIT_HTTP_SERVER, root], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [port] = await once(createInterface({ input: child.stdout }), "line");
  return { origin: `http://127.0.0.1:${port}`, close: () => end(child) };
}

async function startRudolfs(directory) {
  const program = find("rudolfs", join(TOOLS, "rudolfs/bin"));
  if (program === null) return null;
  const port = await freePort();
  const store = join(directory, "rudolfs");
  const args = ["--host", `127.0.0.1:${port}`, "--log-level", "error", "local", "--path", store];
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
  await listening(child, port);
  return {
    version: versionOf(program),
    async project(name) {
      return {
        url: `http://127.0.0.1:${port}/api/bench/${name}`,
        remove: () => rm(join(store, "objects/bench", name), { recursive: true, force: true }),
      };
    },
    close: () => end(child),
  };
}

async function startGitea(directory) {
  const program = find("gitea", join(TOOLS, "gitea/bin"));
  if (program === null) return null;
  const port = await freePort();
  const home = join(directory, "gitea");
  await mkdir(join(home, "custom"), { recursive: true });
  const config = join(home, "app.ini");
  await writeFile(config, giteaConfiguration(home, port));
  // It writes into its templates' place; the installed one stays as it is.
  if (existsSync(join(TOOLS, "gitea/share")))
    await cp(join(TOOLS, "gitea/share"), join(home, "share"), { recursive: true });
  const env = { PATH: process.env.PATH, HOME: home, USER: process.env.USER ?? "root" };
  const call = (...args) => output(program, ["--config", config, ...args], env);
  call("migrate");
  const password = randomBytes(12).toString("hex");
  const login = ["--username", "bench", "--password", password, "--email", "bench@example.org"];
  call("admin", "user", "create", ...login, "--admin", "--must-change-password=false");
  const child = spawn(program, ["--config", config, "web"], { env, stdio: "ignore" });
  await listening(child, port);
  const authorization = `Basic ${Buffer.from(`bench:${password}`).toString("base64")}`;
  return {
    version: versionOf(program),
    project: (name) => giteaProject({ port, password, authorization }, name),
    close: () => end(child),
  };
}

async function giteaProject({ port, password, authorization }, name) {
  const ask = async (method, path, body) => {
    const headers = { authorization, "content-type": "application/json" };
    const reply = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, { method, headers, body });
    if (!reply.ok) throw new Error(`Gitea: ${method} ${path}: ${reply.status} ${await reply.text()}`);
  };
  await ask("POST", "/user/repos", JSON.stringify({ name }));
  return {
    url: `http://bench:${password}@127.0.0.1:${port}/bench/${name}.git/info/lfs`,
    remove: () => ask("DELETE", `/repos/bench/${name}`),
  };
}

function giteaConfiguration(home, port) {
  return `APP_NAME = bench
RUN_MODE = prod
RUN_USER = ${output("id", ["-un"]).trim()}
WORK_PATH = ${home}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = ${process.getuid?.() === 0}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = http://127.0.0.1:${port}/
DISABLE_SSH = true
OFFLINE_MODE = true
LFS_START_SERVER = true
STATIC_ROOT_PATH = ${join(home, "share")}
[database]
DB_TYPE = sqlite3
PATH = ${join(home, "gitea.db")}
SQLITE_JOURNAL_MODE = WAL
[repository]
ROOT = ${join(home, "repositories")}
[lfs]
PATH = ${join(home, "lfs")}
[security]
INSTALL_LOCK = true
[log]
MODE = console
LEVEL = error
`;
}

function find(name, folder) {
  const folders = [...(process.env.PATH ?? "").split(delimiter), folder];
  return folders.map((each) => join(each, name)).find((path) => existsSync(path)) ?? null;
}

/** `rudolfs 0.3.8`, `gitea version 1.27.3 built with …`. */
function versionOf(program) {
  return output(program, ["--version"]).trim().replace(" version", "").split(" ").slice(0, 2).join(" ");
}

function output(program, args, env = process.env) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args[0]}: ${error ?? stderr}`);
  return stdout;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** Until the process takes connections. */
async function listening(child, port) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile}: exit ${child.exitCode}`);
    const socket = connect(port, "127.0.0.1");
    const connected = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (connected) return;
    await new Promise((go) => setTimeout(go, 50));
  }
  throw new Error(`${child.spawnfile} does not listen on port ${port}`);
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, "exit");
  child.kill();
  await closed;
}
