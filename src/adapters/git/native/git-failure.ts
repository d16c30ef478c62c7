import { type ErrorCode, RegistryError } from "../../../errors.ts";
import type { ProcessResult } from "../../system/processes.ts";
import { printable } from "../printable.ts";

/** What git said when it failed, as the one error of ours that it means. `doing` follows "Git could not". */
export function gitFailure(
  doing: string,
  result: Pick<ProcessResult, "stderr" | "exitCode" | "signal">,
): RegistryError {
  const said = result.stderr;
  const reason =
    usefulLine(said) ?? (result.signal === null ? `exit code ${result.exitCode}` : `ended by ${result.signal}`);
  const kind = KINDS.find(({ pattern }) => pattern.test(said));
  return new RegistryError(kind?.code ?? "git-failed", `Git could not ${doing}: ${reason}`, {
    ...(kind?.hint === undefined ? {} : { hint: kind.hint(said) }),
    retryable: kind?.retryable ?? false,
  });
}

/** The one line that says why, without the passwords of URLs and without control characters; null when git said nothing. */
export function usefulLine(stderr: string): string | null {
  const lines = stderr
    .split(/[\r\n]+/)
    .map(printable)
    .filter((line) => line !== "");
  const first = lines.findIndex((each) => each.startsWith("fatal: "));
  const at = first < 0 ? lines.findIndex((each) => /^(error|git): /.test(each)) : first;
  const line = at < 0 ? lines.at(-1) : lines[at];
  if (line !== undefined && SAYS_NOTHING.test(line)) return cut(whatSshSaid(lines.slice(0, at)) ?? line);
  const rest = line?.endsWith(":") ? lines[at + 1] : undefined;
  return line === undefined ? null : cut(rest === undefined ? line : `${line} ${rest}`);
}

const SAYS_NOTHING = /^fatal: (could not read from remote repository|the remote end hung up)/i;
const SAYS_WHY = /denied|refused|fail|error|not found|could not|cannot|closed|reset|timed out|no route|unreachable/i;

/** Why ssh ended stands before git's own line, among greetings. */
function whatSshSaid(lines: readonly string[]): string | null {
  const said = lines.filter((line) => !line.startsWith("warning: ") && /\p{L}/u.test(line));
  return said.find((line) => SAYS_WHY.test(line)) ?? said.at(-1) ?? null;
}

function cut(line: string): string {
  return line.replace(/^(fatal|error|remote|git): /i, "").slice(0, 300);
}

interface FailureKind {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly retryable?: boolean;
  readonly hint?: (stderr: string) => string;
}

// The first that matches counts: "unable to access" is printed for refused passwords, too.
const KINDS: readonly FailureKind[] = [
  {
    pattern: /dubious ownership|unsafe repository/,
    code: "repository-unsupported",
    hint: (said) =>
      `git config --global --add safe.directory ${quoted(/repository (?:at )?\(?'([^'\n]*)'/.exec(said)?.[1] ?? "PATH")}`,
  },
  { pattern: /mismatched algorithms/i, code: "repository-unsupported" },
  {
    pattern: /unknown repository extension|expected git repo version|unknown repository format|unknown ref storage/i,
    code: "repository-unsupported",
    hint: () => "A newer git may know this repository's format",
  },
  {
    pattern: /host key verification failed/i,
    code: "auth-failed",
    hint: () => "Accept the key of this server once: git ls-remote in a terminal shows its fingerprint",
  },
  {
    pattern: /permission denied \(/i,
    code: "auth-failed",
    hint: () => "git ls-remote must work without a question: ssh-add loads a key that has a passphrase",
  },
  {
    pattern:
      /authentication failed|could not read (username|password)|terminal prompts disabled|returned error: 40[137]|HTTP (code )?40[137]|invalid username or (password|token)|permission to .* denied/i,
    code: "auth-failed",
    hint: () =>
      "Set GIT_MODEL_TOKEN, or store the login in a credential helper: git ls-remote must work without a question",
  },
  {
    pattern: /certificate|gnutls_handshake|ssl[ _](routines|connect|error|read)|tls packet/i,
    code: "network",
    hint: () => "git config http.sslCAInfo names the file with the certificates of your own authority",
  },
  {
    pattern: /no space left on device|disk quota exceeded/i,
    code: "disk",
    retryable: true,
    hint: () => "Free some space and run it again",
  },
  { pattern: /read-only file system|input\/output error|: permission denied/i, code: "disk" },
  { pattern: /couldn't find remote ref/i, code: "not-found" },
  {
    pattern:
      /does not appear to be a git repository|is this a git repository|repository .*not found|returned error: 404|no such remote|bad\/illegal format|is not a git command|protocol '.*' is not supported/i,
    code: "git-failed",
    hint: () =>
      "Check the address (git remote -v, or the URL that was named); some servers answer so where a login is missing",
  },
  {
    pattern:
      /could not resolve host|connection (refused|reset|timed out|closed)|failed to connect|couldn't connect|timed out|early eof|hung up unexpectedly|rpc failed|unable to access|network is unreachable|no route to host|returned error: (429|5\d\d)|temporary failure/i,
    code: "network",
    retryable: true,
    hint: () => "Try again when the remote can be reached",
  },
  { pattern: /cannot lock ref|unable to create '.*\.lock'|another git process/i, code: "git-failed", retryable: true },
  {
    pattern: /could not read from remote repository/i,
    code: "network",
    retryable: true,
    hint: () => "git ls-remote in a terminal shows more",
  },
  { pattern: /not a git repository/i, code: "not-a-registry" },
];

function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
