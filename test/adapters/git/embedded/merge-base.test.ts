import { describe, expect, it } from "vitest";
import { openEmbeddedGit } from "../../../../src/adapters/git/embedded/open-embedded-git.ts";
import type { ObjectId } from "../../../../src/domain/object-id.ts";
import { isolatedEnvironment } from "../../../support/run-git.ts";
import { checkedId, tempRepo } from "../../../support/temp-repo.ts";

const COMMITS = 40;
const PAIRS = 60;

describe("the merge base", () => {
  it("is one that git calls best, in a tangled history with wrong clocks", async () => {
    const repo = await tempRepo();
    const store = await openEmbeddedGit({ directory: repo.path, env: isolatedEnvironment() });
    const tree = await store.writeTree([]);
    const random = seeded(7);
    const ids: ObjectId[] = [];
    for (let n = 0; n < COMMITS; n++) {
      const parents = [...new Set([1, 2].map(() => ids[n - 1 - Math.floor(random() * Math.min(n, 6))]))].filter(
        (id) => id !== undefined,
      );
      const who = { name: "A", email: "a@x", seconds: 1_700_000_000 + n + Math.floor(random() * 8), zone: "+0000" };
      ids.push(await store.writeCommit({ tree, parents, author: who, committer: who, message: `${n}\n` }));
    }
    for (let n = 0; n < PAIRS; n++) {
      const [a, b] = [1, 2].map(() => checkedId(ids[Math.floor(random() * COMMITS)] ?? ""));
      if (a === undefined || b === undefined) throw new Error("fixture");
      const said = (await repo.gitBytes({ exits: [0, 1] }, "merge-base", "--all", a, b)).toString().trim();
      const ours = await store.mergeBase(a, b);
      expect(said === "" ? [null] : said.split("\n")).toContain(ours);
    }
  });
});

/** The same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
