import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startGitHttpServer } from "../../support/git-http-server.ts";
import { type GiteaServer, startGitea } from "../../support/gitea-server.ts";
import { type RudolfsServer, startRudolfs } from "../../support/rudolfs-server.ts";
import { startSshServer } from "../../support/ssh-server.ts";
import { tempDir, tempRepo } from "../../support/temp-repo.ts";

/** Where a registry is put, as its users see it: an address, and what their machines have to know. */
export interface Host {
  readonly url: string;
  /** Lines of everybody's git configuration. */
  readonly config: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** What must never be printed. */
  readonly secrets: readonly string[];
}

export type HostKind = "http-backend and rudolfs" | "Gitea" | "sshd and rudolfs";

let gitea: Promise<GiteaServer> | null = null;
let rudolfs: Promise<RudolfsServer> | null = null;
let projects = 0;

/** An empty repository on a server that is real, with a place for large files; for the test that asks. */
export function emptyHost(kind: HostKind): Promise<Host> {
  return HOSTS[kind]();
}

const HOSTS: Readonly<Record<HostKind, () => Promise<Host>>> = {
  async "http-backend and rudolfs"() {
    const root = await bareRepository();
    const login = ["ada", "s3cret/of@ada"].join(":");
    const { origin } = await startGitHttpServer(root, login);
    rudolfs ??= startRudolfs();
    const store = join(await tempDir("git-model-login-"), "credentials");
    await writeFile(store, `${origin.replace("//", `//ada:${encodeURIComponent("s3cret/of@ada")}@`)}\n`);
    return {
      url: `${origin}/models.git`,
      config: [
        "[lfs]",
        `url = ${(await rudolfs).endpoint(nextProject())}`,
        "[credential]",
        `helper = store --file=${store}`,
      ],
      environment: {},
      secrets: ["s3cret"],
    };
  },

  async Gitea() {
    gitea ??= startGitea();
    const server = await gitea;
    const store = join(await tempDir("git-model-login-"), "credentials");
    await writeFile(store, `${server.origin.replace("//", `//${server.user.name}:${server.user.password}@`)}\n`);
    return {
      url: await server.createRepository(nextProject()),
      config: ["[credential]", `helper = store --file=${store}`],
      environment: { GIT_MODEL_TOKEN: server.user.token },
      secrets: [server.user.token, server.user.password],
    };
  },

  async "sshd and rudolfs"() {
    const root = await bareRepository();
    rudolfs ??= startRudolfs();
    const header = { "X-Pass": "s3cret" };
    const server = await startSshServer({
      lfs: { href: (await rudolfs).endpoint(nextProject()), header, expires_in: 600 },
    });
    return {
      url: server.url(join(root, "models.git")),
      config: [],
      environment: server.environment,
      secrets: ["s3cret"],
    };
  },
};

async function bareRepository(): Promise<string> {
  const root = await tempDir("git-model-host-");
  const repo = await tempRepo({ bare: true, path: join(root, "models.git") });
  await repo.git("config", "http.receivepack", "true");
  await repo.git("config", "uploadpack.allowFilter", "true");
  return root;
}

function nextProject(): string {
  projects += 1;
  return `models-${projects}`;
}
