import { describe, expect, it } from "vitest";
import { gitFailure } from "../../../../src/adapters/git/native/git-failure.ts";
import { printable } from "../../../../src/adapters/git/printable.ts";
import type { ErrorCode } from "../../../../src/errors.ts";

const failure = (stderr: string) => gitFailure("fetch from origin", { stderr, exitCode: 128, signal: null });
const user = ["bob", "hunter2"].join(":");

describe("what git says when it fails", () => {
  it.each<[string, ErrorCode, boolean]>([
    ["fatal: Authentication failed for 'https://example.org/a.git/'", "auth-failed", false],
    ["fatal: could not read Username for 'https://example.org': terminal prompts disabled", "auth-failed", false],
    [
      "git@example.org: Permission denied (publickey).\nfatal: Could not read from remote repository.",
      "auth-failed",
      false,
    ],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 403", "auth-failed", false],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 503", "network", true],
    ["fatal: unable to access 'https://x/': Could not resolve host: x", "network", true],
    [
      "ssh: connect to host x port 22: Connection refused\nfatal: Could not read from remote repository.",
      "network",
      true,
    ],
    ["fatal: the remote end hung up unexpectedly", "network", true],
    ["fatal: unable to access 'https://x/': The requested URL returned error: 404", "git-failed", false],
    [
      "fatal: '/srv/x' does not appear to be a git repository\nfatal: Could not read from remote repository.",
      "git-failed",
      false,
    ],
    ["remote: Repository not found.\nfatal: repository 'https://x/' not found", "git-failed", false],
    ["error: unable to write file: No space left on device", "disk", true],
    ["fatal: Unable to create '/r/.git/index.lock': Read-only file system", "disk", false],
    ["error: cannot lock ref 'refs/heads/a': Unable to create '/r/a.lock': File exists.", "git-failed", true],
    ["fatal: detected dubious ownership in repository at '/r'", "repository-unsupported", false],
    ["fatal: unknown repository extension found:\n\tfuture", "repository-unsupported", false],
    ["fatal: Expected git repo version <= 1, found 9", "repository-unsupported", false],
    ["fatal: couldn't find remote ref refs/heads/x", "not-found", false],
    ["Host key verification failed.\nfatal: Could not read from remote repository.", "auth-failed", false],
    ["fatal: unable to access 'https://x/': Received HTTP code 407 from proxy after CONNECT", "auth-failed", false],
    ["fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate", "network", false],
    [
      "fatal: unable to access 'https://x/': server certificate verification failed. CAfile: none CRLfile: none",
      "network",
      false,
    ],
    [
      "fatal: unable to access 'https://x/': gnutls_handshake() failed: An unexpected TLS packet was received.",
      "network",
      false,
    ],
    ["fatal: unable to access 'https://x/': Empty reply from server", "network", true],
    [
      "error: RPC failed; curl 28 Operation too slow. Less than 1 bytes/sec transferred the last 30 seconds",
      "network",
      true,
    ],
    ["fatal: https://x/info/refs not valid: is this a git repository?", "git-failed", false],
    ["fatal: unable to access 'http://u:p': URL using bad/illegal format or missing URL", "git-failed", false],
    ["git: 'remote-foo' is not a git command. See 'git --help'.\n\nThe most similar is\n\tx", "git-failed", false],
    ["fatal: Could not read from remote repository.", "network", true],
    ["something else", "git-failed", false],
    ["", "git-failed", false],
  ])("%j is %s", (stderr, code, retryable) => {
    expect(failure(stderr)).toMatchObject({ code, retryable });
  });

  it("is told in one line that says why", () => {
    const said = "warning: x\nremote: y\nerror: the second\nfatal: the reason\nhint: z\n";
    expect(failure(said).message).toBe("Git could not fetch from origin: the reason");
    expect(failure("").message).toBe("Git could not fetch from origin: exit code 128");
    expect(failure("x".repeat(5000)).message.length).toBeLessThan(400);
  });

  it.each([
    ["Welcome!\nroot@h: Permission denied (publickey).", "root@h: Permission denied (publickey)."],
    ["ERROR: Repository not found.", "Repository not found."],
    [
      "remote: ====\nremote: ERROR: The project could not be found.\nremote: ====",
      "ERROR: The project could not be found.",
    ],
    ["ssh: connect to host h port 1: Connection refused", "ssh: connect to host h port 1: Connection refused"],
    ["", "Could not read from remote repository."],
  ])("quotes ssh where git only says that it failed: %j", (said, reason) => {
    const { message } = failure(`${said}\nfatal: Could not read from remote repository.\n\nPlease make sure\n`);
    expect(message).toBe(`Git could not fetch from origin: ${reason}`);
  });

  it("shows how to trust a repository", () => {
    const { hint } = failure("fatal: detected dubious ownership in repository at '/r/a b'");
    expect(hint).toBe("git config --global --add safe.directory '/r/a b'");
  });

  it("never shows a password, a colour or a hidden direction", () => {
    const { message } = failure(
      `fatal: unable to access 'https://${user}@example.org/\u001b[31m\u202e': Could not resolve host`,
    );
    for (const hidden of ["hunter2", "bob", "\u001b", "\u202e"]) expect(message).not.toContain(hidden);
    expect(message).toContain("https://example.org/");
    expect(printable(`ssh://${user}@h/ and https://token@h/`)).toBe("ssh://h/ and https://h/");
    expect(printable(`'https://${user}@2@h/a?token=hunter2': no`)).toBe("'https://h/a': no");
    expect(printable("http://bob:hun/ter2@h/x and http://h:80/fraud@v1")).toBe("http://h/x and http://h:80/fraud@v1");
  });
});
