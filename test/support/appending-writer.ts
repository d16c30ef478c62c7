import { openEmbeddedGit } from "../../src/adapters/git/embedded/open-embedded-git.ts";
import type { RefName } from "../../src/ports/git-store.ts";

/**
 * A process of its own: appends commits to one shared branch and makes a tag for each, in one update, retrying lost
 * races. Says on stdout what was acknowledged, a line each. Arguments: directory, name, count.
 */
const [directory = "", name = "", count = "0"] = process.argv.slice(2);
const BRANCH: RefName = "refs/heads/shared";
const TEMPORARY: RefName = `refs/heads/temporary/${name}`;

const store = await openEmbeddedGit({ directory, env: process.env });

async function append(n: number): Promise<void> {
  const blob = await store.writeBlob(Buffer.from(`${name} ${n}\n`));
  const tree = await store.writeTree([{ name: `${name}.txt`, mode: "100644", id: blob }]);
  const who = { name, email: `${name}@example.org`, seconds: 1_700_000_000 + n, zone: "+0000" };
  const tag: RefName = `refs/tags/${name}@v${n}`;
  const earlier = await store.readRef(tag);
  if (earlier !== null) return;
  for (;;) {
    const tip = await store.readRef(BRANCH);
    const parents = tip === null ? [] : [tip];
    const commit = await store.writeCommit({ tree, parents, author: who, committer: who, message: `${name} ${n}\n` });
    const outcome = await store.updateRefs([
      { ref: BRANCH, from: tip, to: commit },
      { ref: tag, from: null, to: commit },
    ]);
    if (outcome.ok) return;
  }
}

/** Keeps packed-refs being rewritten by us while git rewrites it. */
async function flicker(): Promise<void> {
  const tip = await store.readRef(BRANCH);
  const now = await store.readRef(TEMPORARY);
  await store.updateRefs([{ ref: TEMPORARY, from: now, to: now === null ? tip : null }]);
}

for (let n = 0; n < Number(count); n++) {
  await append(n);
  process.stdout.write(`${n}\n`);
  if (n % 3 === 0) await flicker();
}
await store.close();
