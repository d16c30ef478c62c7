import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Version } from "../../../src/domain/model/version.ts";
import type { ObjectId } from "../../../src/domain/object-id.ts";
import {
  appendChange,
  changeOf,
  EMPTY_LEDGER,
  heldVersion,
  type Ledger,
  previousVersion,
  readLedger,
  type StageChange,
  wasReleased,
} from "../../../src/domain/stage/ledger.ts";
import { version } from "../builders.ts";

const a = version("1.0.0");
const b = version("1.1.0");
const c = version("1.2.0");
const VERSIONS = [a, b, c, version("2.0.0-rc.1")];

/** What a change brings: a version, a tree that no version has, or nothing. */
type Brought = Version | "unregistered" | null;

interface Step {
  readonly brought: Brought;
  readonly seconds: number;
}

const steps = fc.array(
  fc.record({
    brought: fc.constantFrom<Brought>(...VERSIONS, "unregistered", null),
    seconds: fc.integer({ min: 1000, max: 1010 }),
  }),
  { maxLength: 25 },
);

/** A stage's history holds changes only: neighbours differ, and the first one brings something. */
function changesOf(list: readonly Step[]): readonly StageChange[] {
  const changes: StageChange[] = [];
  let held: Brought = null;
  for (const [index, { brought, seconds }] of list.entries()) {
    if (brought === held && brought !== "unregistered") continue;
    held = brought;
    changes.push({
      commit: id(`c${index}`),
      committer: { name: "Ada", email: "ada@example.org", seconds, zone: "+0000" },
      parentSeconds: changes.at(-1)?.committer.seconds ?? null,
      tree: brought === null ? null : id(brought === "unregistered" ? `u${index}` : brought),
      version: brought === "unregistered" ? null : brought,
    });
  }
  return changes;
}

function id(text: string): ObjectId {
  return Buffer.from(text).toString("hex").padEnd(40, "0") as unknown as ObjectId;
}

/** The rules of DESIGN section 1 once more, as slowly and as plainly as can be. */
function naive(changes: readonly StageChange[]) {
  let stack: Version[] = [];
  let held: Brought = null;
  const events: { kind: string; version: Version | null; previous: Brought }[] = [];
  for (const change of changes) {
    const previous = held;
    if (change.tree === null) {
      events.push({ kind: "demote", version: held === "unregistered" ? null : held, previous });
      held = null;
    } else if (change.version === null) {
      events.push({ kind: "unregistered", version: null, previous });
      held = "unregistered";
    } else {
      const isKnown = stack.includes(change.version);
      events.push({ kind: isKnown ? "rollback" : "release", version: change.version, previous });
      if (!isKnown) stack.push(change.version);
      while (stack.at(-1) !== change.version) stack = stack.slice(0, -1);
      held = change.version;
    }
  }
  return { stack, held, events };
}

describe("a stage's ledger", () => {
  it("is what the rules of the stack say, whatever happened", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const changes = changesOf(list);
        const ledger = readLedger(changes);
        const model = naive(changes);
        expect(ledger.stack).toEqual(model.stack);
        expect(heldVersion(ledger.holds)).toBe(model.held);
        expect(ledger.events.map(({ kind, version, previous }) => ({ kind, version, previous }))).toEqual(model.events);
      }),
      { numRuns: 200 },
    );
  });

  it("numbers every change, tagged or not, and never goes back in time", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const changes = changesOf(list);
        const { events } = readLedger(changes);
        expect(events.map(({ number }) => number)).toEqual(events.map((_, index) => index + 1));
        for (const [index, event] of events.entries()) {
          const before = events[index - 1];
          const own = changes[index]?.committer.seconds ?? 0;
          expect(event.seconds).toBe(before === undefined ? own : Math.max(own, before.seconds + 1));
        }
      }),
      { numRuns: 100 },
    );
  });

  it("never changes what it said of the past", () => {
    fc.assert(
      fc.property(steps, fc.nat(), (list, cut) => {
        const changes = changesOf(list);
        const whole = readLedger(changes);
        const part = readLedger(changes.slice(0, cut % (changes.length + 1)));
        expect(whole.events.slice(0, part.events.length)).toEqual(part.events);
      }),
      { numRuns: 100 },
    );
  });

  it("holds what it has on its stack, unless that is unregistered or nothing", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const ledger = readLedger(changesOf(list));
        const held = heldVersion(ledger.holds);
        if (held !== null && held !== "unregistered") expect(ledger.stack.at(-1)).toBe(held);
        expect(new Set(ledger.stack).size).toBe(ledger.stack.length);
        expect(ledger.stack.every((one) => wasReleased(ledger, one))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe("going back", () => {
  it("goes down and never up again, until nothing is left", () => {
    fc.assert(
      fc.property(steps, fc.subarray(VERSIONS), (list, yanked) => {
        let ledger = readLedger(changesOf(list));
        const seen: Version[] = [];
        for (;;) {
          const target = previousVersion(ledger, (one) => yanked.includes(one));
          if (target === null) break;
          expect(changeOf(ledger, target)).toBe("rollback");
          expect(yanked).not.toContain(target);
          expect(seen).not.toContain(target);
          seen.push(target);
          ledger = appendChange(ledger, after(ledger, target));
        }
        expect(seen.length).toBeLessThanOrEqual(VERSIONS.length);
      }),
      { numRuns: 100 },
    );
  });

  it("skips what was yanked, and after a demote begins at the top", () => {
    const ledger = history(a, b, c);
    expect(previousVersion(ledger, () => false)).toBe(b);
    expect(previousVersion(ledger, (one) => one === b)).toBe(a);
    expect(previousVersion(ledger, () => true)).toBeNull();
    const demoted = history(a, b, c, null);
    expect(previousVersion(demoted, () => false)).toBe(c);
    expect(previousVersion(demoted, (one) => one === c)).toBe(b);
    expect(changeOf(demoted, c)).toBe("rollback");
    expect(previousVersion(history(a, b, "unregistered"), () => false)).toBe(b);
  });

  it("makes a popped version a release again, though it was released once", () => {
    const ledger = history(a, b, a);
    expect(ledger.stack).toEqual([a]);
    expect(changeOf(ledger, b)).toBe("release");
    expect(wasReleased(ledger, b)).toBe(true);
    expect(previousVersion(ledger, () => false)).toBeNull();
  });

  it("a demote alone is no release", () => {
    expect(wasReleased(history("unregistered", null), a)).toBe(false);
    expect(wasReleased(EMPTY_LEDGER, b)).toBe(false);
    expect(changeOf(EMPTY_LEDGER, null)).toBe("demote");
  });
});

describe("what a stage holds", () => {
  it("it holds since the commit that brought it, and never since before that commit's parent", () => {
    const at = (seconds: number, parentSeconds: number | null): StageChange => ({
      commit: id("c"),
      committer: { name: "Ada", email: "ada@example.org", seconds, zone: "+0000" },
      parentSeconds,
      tree: id("t"),
      version: version("1.0.0"),
    });
    expect(readLedger([at(100, null)]).holds?.sinceSeconds).toBe(100);
    expect(readLedger([at(100, 50)]).holds?.sinceSeconds).toBe(100);
    expect(readLedger([at(100, 900)]).holds?.sinceSeconds).toBe(900);
  });
});

function history(...brought: readonly Brought[]): Ledger {
  return readLedger(changesOf(brought.map((one, index) => ({ brought: one, seconds: 1000 + index }))));
}

function after(ledger: Ledger, target: Version): StageChange {
  const committer = { name: "Ada", email: "ada@example.org", seconds: 2000 + ledger.events.length, zone: "+0000" };
  return { commit: id("back"), committer, parentSeconds: null, tree: id(target), version: target };
}
