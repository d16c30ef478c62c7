import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll } from "vitest";
import { oracle } from "./oracles.ts";
import { tempDir } from "./temp-repo.ts";

const LAB = fileURLToPath(new URL("lab", import.meta.url));
const run = promisify(execFile);
const started: string[] = [];

afterAll(async () => {
  await Promise.all(started.splice(0).map((directory) => run("bash", [join(LAB, "stop.sh"), directory])));
});

export interface GiteaServer {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly user: GiteaUser;
  /** Makes an empty private repository of the user; answers its address, without a login. */
  createRepository(name: string): Promise<string>;
}

export interface GiteaUser {
  readonly name: string;
  readonly password: string;
  /** Is a password for git and LFS, too. */
  readonly token: string;
}

/** A fresh Gitea on loopback with git and LFS over HTTP; takes two seconds to start and ends with the test file. */
export async function startGitea(): Promise<GiteaServer> {
  const program = oracle("gitea");
  if (program === null) throw new Error("gitea is not installed");
  const directory = await tempDir("git-model-gitea-");
  started.push(directory);
  const build = dirname(dirname(program));
  await run("bash", [join(LAB, "start-gitea.sh"), build, directory, String(await freePort())]);
  const read = (name: string) => readLine(join(directory, name));
  const [origin, password, token] = await Promise.all([read("url"), read("password"), read("token")]);
  const user: GiteaUser = { name: "keeper", password, token };
  return {
    origin,
    user,
    async createRepository(name) {
      const response = await fetch(`${origin}/api/v1/user/repos`, {
        method: "POST",
        headers: { authorization: `token ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ name, private: true }),
      });
      if (!response.ok) throw new Error(`Gitea answers ${response.status}: ${await response.text()}`);
      return `${origin}/${user.name}/${name}.git`;
    },
  };
}

async function readLine(path: string): Promise<string> {
  return (await readFile(path, "utf8")).trim();
}

/** Gitea writes its own address into its answers, so it has to be known before. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
