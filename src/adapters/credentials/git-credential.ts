import { gitEnvironment } from "../git/native/git-command.ts";
import type { Environment } from "../system/process-world.ts";
import { runProcess } from "../system/processes.ts";
import type { Login } from "./logins.ts";

/** Runs `git <args>` with an input; answers its stdout, or null when it failed or when there is no git. */
export type RunGit = (args: readonly string[], input: string) => Promise<string | null>;

/** Git where the registry is, so that the helpers of its own configuration count; asked as native git is: without a terminal. */
export function gitIn(directory: string, environment: Environment): RunGit {
  return async (args, input) => {
    const call = { command: "git", args, cwd: directory, env: gitEnvironment(environment), input };
    const limits = { timeoutMs: HELPER_TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES };
    const result = await runProcess({ ...call, ...limits }).catch(() => null);
    return result?.exitCode === 0 ? result.stdout.toString("utf8") : null;
  };
}

/** A login of git's helpers, with everything that they said about it: they get it back, word for word. */
export interface StoredLogin extends Login {
  readonly attributes: string;
}

export interface CredentialQuestion {
  readonly url: URL;
  /** Path of the repository, which git leaves out unless `credential.useHttpPath` is set. */
  readonly path: string;
  readonly username: string | null;
}

/** `git credential fill`; null when no helper knows a login, or one said `quit`. */
export async function fillCredential(runGit: RunGit, question: CredentialQuestion): Promise<StoredLogin | null> {
  const { url, path, username } = question;
  const attributes = { protocol: url.protocol.replace(":", ""), host: url.host, path, username };
  const lines = Object.entries(attributes).flatMap(([name, value]) => {
    // A line break would be another attribute: another host, say.
    const usable = value !== null && value !== "" && !/[\r\n\0]/.test(value);
    return usable ? [`${name}=${value}`] : [];
  });
  const said = await runGit(["credential", "fill"], `${lines.join("\n")}\n\n`);
  return said === null ? null : parseCredential(said);
}

/** `git credential approve` or `reject`; a helper that fails changes nothing for us. */
export async function reportCredential(
  runGit: RunGit,
  verdict: "approve" | "reject",
  login: StoredLogin,
): Promise<void> {
  await runGit(["credential", verdict], `${login.attributes}\n\n`);
}

/** Somebody may have to answer in a browser. */
const HELPER_TIMEOUT_MS = 300_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

function parseCredential(said: string): StoredLogin | null {
  const lines = said.split("\n").filter((line) => line.includes("="));
  const values = new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
  const password = values.get("password");
  if (password === undefined) return null;
  return { username: values.get("username") ?? "", password, attributes: lines.join("\n") };
}
