import { type ErrorCode, RegistryError } from "../../errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ConfigEntry } from "../../ports/git-store.ts";
import { printable } from "../git/printable.ts";
import type { Environment } from "../system/process-world.ts";
import { ProcessError, type ProcessResult, runProcess } from "../system/processes.ts";
import { asRecord, isExpired, malformed, parseExpiry, parseHeaders, parseHref } from "./batch/action.ts";
import type { FindAccess, ServerAccess } from "./batch/lfs-server.ts";
import type { Operation, SshEndpoint } from "./endpoint.ts";
import { sshCall } from "./ssh-call.ts";

export interface SshWorld {
  readonly config: readonly ConfigEntry[];
  readonly environment: Environment;
  readonly clock: Clock;
  /** Where ssh runs: a command of the user's may be relative to it. */
  readonly cwd: string;
}

interface Pass extends ServerAccess {
  readonly expiresAt: number | null;
}

/**
 * Asks a machine by ssh where its LFS server is and what to send along (`git-lfs-authenticate`), once for each operation
 * until the answer expires or is refused. A machine that has no such command is asked at the address that follows from its own.
 * Throws `auth-failed`, `network`, `lfs-failed` with the last line that ssh said.
 */
export function sshAccess(endpointOf: (operation: Operation) => SshEndpoint, world: SshWorld): FindAccess {
  const passes = new Map<Operation, Promise<Pass>>();
  const ask = (operation: Operation): Promise<Pass> => {
    const asked = authenticate(endpointOf(operation), operation, world);
    passes.set(operation, asked);
    asked.catch(() => passes.delete(operation));
    return asked;
  };
  return async (operation, renew) => {
    const before = passes.get(operation);
    if (before === undefined || renew) return ask(operation);
    const pass = await before;
    if (!isExpired(pass, world.clock.now())) return pass;
    // Somebody else may have noticed before.
    return passes.get(operation) === before ? ask(operation) : (passes.get(operation) ?? ask(operation));
  };
}

async function authenticate(endpoint: SshEndpoint, operation: Operation, world: SshWorld): Promise<Pass> {
  const askedAt = world.clock.now();
  const result = await run(endpoint, operation, world);
  if (result.exitCode === 0) return passOf(result.stdout.toString("utf8"), endpoint, askedAt);
  if (isUnknownCommand(result)) return { url: endpoint.fallback, headers: {}, expiresAt: null };
  throw sshFailure(endpoint, result);
}

/** Nobody waits longer for a machine that says nothing; git itself waits for ever. */
const TIMEOUT_MS = 120_000;
const MAX_REPLY_BYTES = 64 * 1024;

async function run(endpoint: SshEndpoint, operation: Operation, world: SshWorld): Promise<ProcessResult> {
  const { command, args, environment } = sshCall(
    endpoint,
    `git-lfs-authenticate ${quoted(endpoint.path)} ${operation}`,
    world,
  );
  try {
    return await runProcess({
      command,
      args,
      cwd: world.cwd,
      env: environment,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_REPLY_BYTES,
    });
  } catch (error) {
    if (!(error instanceof ProcessError)) throw error;
    const absent = error.fault === "not-found" || error.fault === "not-started";
    throw new RegistryError(absent ? "lfs-failed" : "network", `${endpoint.userAndHost}: ${error.message}`, {
      cause: error,
      retryable: error.fault === "time-out",
      ...(absent ? { hint: "install an ssh client, or use the https address of the remote: git remote set-url" } : {}),
    });
  }
}

/** As few quotes as possible: simple servers compare the words. */
function quoted(path: string): string {
  return /^[\w@%+=:,./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function passOf(text: string, endpoint: SshEndpoint, askedAt: number): Pass {
  const source = { name: `git-lfs-authenticate of ${endpoint.userAndHost}`, secure: false, askedAt };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(source, "something that is not JSON");
  }
  const reply = asRecord(value, source, "an object");
  const { href, header } = reply;
  const url = href === undefined || href === null || href === "" ? endpoint.fallback : parseHref(href, source);
  return { url, headers: parseHeaders(header, source), expiresAt: parseExpiry(reply, source) };
}

/** 255 is ssh's own failure; everything else is said by the other side. */
function isUnknownCommand({ exitCode, stderr }: ProcessResult): boolean {
  if (exitCode === 127) return true;
  return (
    exitCode !== 255 && /(unknown|unrecognized|invalid|unsupported|no such) command|command not found/i.test(stderr)
  );
}

function sshFailure(endpoint: SshEndpoint, { exitCode, signal, stderr }: ProcessResult): RegistryError {
  const lines = stderr.split(/[\r\n]+/).map(printable);
  const ended = signal === null ? `exit code ${exitCode}` : `ended by ${signal}`;
  const said = (lines.findLast((line) => line !== "") ?? ended).slice(0, 300);
  const isLogin =
    exitCode !== 255 || /permission denied|host key verification|authentication|no more authentication/i.test(stderr);
  const code: ErrorCode = isLogin ? "auth-failed" : "network";
  return new RegistryError(code, `ssh to ${endpoint.userAndHost} for its LFS server failed: ${said}`, {
    retryable: !isLogin,
    hint: `try it by hand: ssh ${endpoint.port === null ? "" : `-p ${endpoint.port} `}${endpoint.userAndHost}`,
  });
}
