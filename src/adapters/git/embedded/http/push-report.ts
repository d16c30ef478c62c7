import type { PushOutcome, RefName } from "../../../../ports/git-store.ts";
import { printable } from "../../printable.ts";
import { isRefName } from "../../ref-name.ts";
import { refused, type Verdict } from "../push-verdict.ts";
import { notGit, PacketReader } from "./pkt-line.ts";
import { sideBand } from "./side-band.ts";

/** What became of a push. */
export interface Report {
  /** Why the server could not take the pack; null where it could. */
  readonly unpacked: string | null;
  /** Null: the ref moved. */
  readonly refs: ReadonlyMap<RefName, Exclude<Verdict, { status: "up-to-date" | "pushed" }> | null>;
}

const LARGEST_REPORT = 16 * 1024 * 1024;

/** Reads `report-status`, within the data band where there are bands. Throws `git-failed`, `network`. */
export async function readReport(answer: PacketReader, isBanded: boolean): Promise<Report> {
  if (!isBanded) return readLines(answer);
  const bytes = sideBand(answer);
  const inner = new PacketReader({ bytes, from: answer.from, limit: LARGEST_REPORT });
  const report = await readLines(inner);
  // What follows within the band is nothing to us; what follows on others was progress.
  for await (const _ of bytes);
  return report;
}

async function readLines(answer: PacketReader): Promise<Report> {
  const first = await answer.line();
  if (first === null || !first.startsWith("unpack ")) throw notGit(answer.from);
  const unpacked = first === "unpack ok" ? null : `the server could not unpack it: ${shortened(first.slice(7))}`;
  const refs = new Map<RefName, Exclude<Verdict, { status: "up-to-date" | "pushed" }> | null>();
  for (;;) {
    const line = await answer.line();
    if (line === null) break;
    const [, word, ref = "", reason = ""] = /^(ok|ng|option) (\S+) ?(.*)$/s.exec(line) ?? [];
    if (word === undefined) throw notGit(answer.from);
    if (word === "option" || !isRefName(ref)) continue;
    refs.set(ref, word === "ok" ? null : verdictOf(ref, shortened(reason)));
  }
  return { unpacked, refs: hasCulprit([...refs.values()]) ? refs : together(refs) };
}

// What a server says when another push came first: to its lock, to the value, or to the name.
const LOST_RACE =
  /stale info|cannot lock|failed to (lock|update)|but expected|already exists|reference not found|fetch first/i;

type Failure = Exclude<Verdict, { status: "up-to-date" | "pushed" }>;

/** `open`: it went down with another one. */
function verdictOf(ref: RefName, reason: string): Failure {
  if (/atomic/i.test(reason)) return { ref, status: "open" };
  if (LOST_RACE.test(reason)) return { ref, status: "stale", reason } satisfies PushOutcome;
  return refused(ref, reason === "" ? "the server refused it" : reason);
}

function hasCulprit(failures: readonly (Failure | null)[]): boolean {
  return failures.some((one) => one !== null && one.status !== "open");
}

/** A server whose own transaction was overtaken names no culprit: what did not go through failed with the others. */
function together(refs: ReadonlyMap<RefName, Failure | null>): ReadonlyMap<RefName, Failure | null> {
  return new Map(
    [...refs].map(([ref, failure]) => [
      ref,
      failure === null ? null : { ref, status: "stale", reason: "another push came first" },
    ]),
  );
}

function shortened(text: string): string {
  return printable(text).slice(0, 300);
}
