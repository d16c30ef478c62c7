import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { RegistryError } from "../../../errors.ts";
import { ProcessError, type ProcessResult, runProcess, startProcess } from "../../system/processes.ts";
import { type GitConfig, parseConfigList } from "./git-config.ts";
import { gitFailure } from "./git-failure.ts";
import { type GitVersion, isAtLeast } from "./git-version.ts";
import { remoteAccess } from "./remote-access.ts";
import type { CredentialHelpers, RemoteCredential } from "./remote-credentials.ts";

/** The git binary on one repository, called by the rules of DESIGN section 6, "Native children". */
export interface GitCommand {
  readonly version: GitVersion;
  /** Where children run. */
  readonly cwd: string;
  /** Runs `git <args>`; throws RegistryError when the exit code is none of `exits`. */
  run(args: readonly string[], options: RunOptions): Promise<ProcessResult>;
  /** The configuration, read once; after a change it is read anew. */
  config(): Promise<GitConfig>;
  configChanged(): void;
  /** Starts a child to talk to. */
  start(args: readonly string[]): ChildProcessWithoutNullStreams;
}

export interface RunOptions {
  /** What is being done, to follow "Git could not": `read the refs`. */
  readonly doing: string;
  readonly input?: string | Uint8Array;
  /** Exit codes that are answers; 0 alone by default. */
  readonly exits?: readonly number[];
  /** More configuration, `key=value`. */
  readonly config?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Talks to a remote: with its logins and bounds, and given up after ten minutes. */
  readonly remote?: "read" | "push";
}

export interface GitSurroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly version: GitVersion;
  /** Logins for remotes that come before those of git's own helpers; asked for when a remote is first talked to. */
  readonly credentials?: () => Promise<readonly RemoteCredential[]>;
  /** How long a command that talks to a remote may take; ten minutes by default. */
  readonly remoteTimeoutMs?: number;
}

export function gitCommand(surroundings: GitSurroundings): GitCommand {
  const { cwd, env, version, remoteTimeoutMs = REMOTE_TIMEOUT_MS } = surroundings;
  const settings = [...SETTINGS, ...durability(version)];
  const withSettings = (config: readonly string[]) => [...settings, ...config].flatMap((setting) => ["-c", setting]);
  let access: Promise<RemoteAccess> | null = null;
  let config: Promise<GitConfig> | null = null;
  const git: GitCommand = {
    version,
    cwd,
    async run(args, options) {
      const { remote } = options;
      if (remote !== undefined) access ??= findAccess(git, surroundings);
      const helpers = remote === undefined ? null : (await access)?.[remote];
      const call = {
        command: "git",
        args: [...withSettings([...(options.config ?? []), ...(helpers?.config ?? [])]), ...args],
        cwd,
        env: { ...env, ...options.env, ...helpers?.env },
        ...(options.input === undefined ? {} : { input: options.input }),
        ...(remote === undefined ? {} : { timeoutMs: remoteTimeoutMs }),
      };
      const result = await runTranslated(call, options.doing);
      if ((options.exits ?? [0]).includes(result.exitCode ?? -1)) return result;
      throw gitFailure(options.doing, result);
    },
    config() {
      config ??= readConfig(git);
      return config;
    },
    configChanged() {
      config = null;
    },
    start: (args) => startProcess({ command: "git", args: [...withSettings([]), ...args], cwd, env }),
  };
  return git;
}

async function readConfig(git: GitCommand): Promise<GitConfig> {
  const { stdout } = await git.run(["config", "--null", "--list"], { doing: "read the configuration" });
  return parseConfigList(stdout.toString("utf8"));
}

type RemoteAccess = Readonly<Record<"read" | "push", CredentialHelpers>>;

async function findAccess(git: GitCommand, { env, credentials }: GitSurroundings): Promise<RemoteAccess> {
  const keys = new Set((await git.config()).map(({ key }) => key));
  const known = { env, configured: (key: string) => keys.has(key), credentials: (await credentials?.()) ?? [] };
  return { read: remoteAccess(known, false), push: remoteAccess(known, true) };
}

/** `runProcess` with its failures as RegistryErrors. */
export async function runTranslated(call: Parameters<typeof runProcess>[0], doing: string): Promise<ProcessResult> {
  try {
    return await runProcess(call);
  } catch (error) {
    if (error instanceof ProcessError) throw processFailure(error, doing);
    throw error;
  }
}

/**
 * The environment for git: the caller's, without what would point git at another repository (the list of
 * `git rev-parse --local-env-vars`; a hook's GIT_DIR overrides -C), and without replacement of objects, prompts,
 * translations and magic in paths.
 */
export function gitEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !DROPPED.has(name) && !/^GIT_CONFIG_(KEY|VALUE)_/.test(name));
  return {
    ...Object.fromEntries(kept),
    LC_ALL: "C",
    LANGUAGE: "",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_REPLACE_OBJECTS: "1",
    GIT_LITERAL_PATHSPECS: "1",
  };
}

const REMOTE_TIMEOUT_MS = 600_000;
const SETTINGS = [
  "core.hooksPath=/dev/null",
  "gc.auto=0",
  "maintenance.auto=false",
  "core.fsmonitor=false",
  // A URL of these is a command line: a repository that somebody handed over would run it.
  "protocol.ext.allow=never",
  "protocol.fd.allow=never",
];

const DROPPED: ReadonlySet<string> = new Set([
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_COMMON_DIR",
  "GIT_CONFIG",
  "GIT_CONFIG_COUNT",
  "GIT_CONFIG_PARAMETERS",
  "GIT_DIR",
  "GIT_GLOB_PATHSPECS",
  "GIT_GRAFT_FILE",
  "GIT_ICASE_PATHSPECS",
  "GIT_IMPLICIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_INTERNAL_SUPER_PREFIX",
  "GIT_NAMESPACE",
  "GIT_NOGLOB_PATHSPECS",
  "GIT_NO_REPLACE_OBJECTS",
  "GIT_OBJECT_DIRECTORY",
  "GIT_PREFIX",
  "GIT_QUARANTINE_PATH",
  "GIT_REF_PARANOIA",
  "GIT_REPLACE_REF_BASE",
  "GIT_SHALLOW_FILE",
  "GIT_WORK_TREE",
]);

/** What git acknowledges must be on the disk (SECURITY.md, promise 4). */
function durability(version: GitVersion): readonly string[] {
  return isAtLeast(version, 2, 36) ? ["core.fsync=committed,loose-object,reference"] : ["core.fsyncObjectFiles=true"];
}

function processFailure(error: ProcessError, doing: string): RegistryError {
  if (error.fault === "not-found") {
    return new RegistryError("git-required", "There is no git on the PATH.", {
      hint: "Install git 2.34 or newer",
      cause: error,
    });
  }
  if (error.fault === "time-out") {
    return new RegistryError("network", `Git could not ${doing}: no answer for too long.`, {
      retryable: true,
      cause: error,
    });
  }
  return new RegistryError("git-failed", `Git could not ${doing}: ${error.message}.`, { cause: error });
}
