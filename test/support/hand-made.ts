import { join } from "node:path";
import type { ObjectId } from "../../src/domain/object-id.ts";
import { TEST_TIME } from "./run-git.ts";
import { checkedId, type TempRepo } from "./temp-repo.ts";

/** A commit made by plain git, as people and scripts without git-model make them. */
export interface HandMade {
  /** Revisions; the first one's tree is where the edits begin. None: an empty tree. */
  readonly parents: readonly string[];
  /** Path to a tree (`fraud@v1.0.0^{tree}`) that takes its place; null removes what is there. */
  readonly trees?: Readonly<Record<string, string | null>>;
  /** Path to text, or to a mode and an object. */
  readonly files?: Readonly<Record<string, string | { readonly mode: string; readonly id: string }>>;
  readonly message?: string;
  /** Seconds since 1970; TEST_TIME, which is long ago, by default. */
  readonly seconds?: number;
  /** Committer. */
  readonly by?: { readonly name: string; readonly email: string; readonly zone?: string };
}

let indexes = 0;

/** Makes a commit of any tree with `git read-tree`, `update-index` and `commit-tree`; moves no ref. */
export async function handMade(repo: TempRepo, made: HandMade): Promise<ObjectId> {
  indexes += 1;
  const index = { GIT_INDEX_FILE: join(repo.gitDir, `hand-made-index-${indexes}`) };
  const [first] = made.parents;
  await repo.gitBytes({ env: index }, "read-tree", first === undefined ? "--empty" : `${first}^{tree}`);
  const lines: string[] = [];
  for (const [path, tree] of Object.entries(made.trees ?? {})) {
    const present = await repo.gitBytes({ env: index }, "ls-files", "-s", "--", path);
    const old = present.toString("utf8").trimEnd().split("\n").filter(Boolean);
    lines.push(...old.map((line) => `0 ${"0".repeat(40)}\t${line.split("\t")[1] ?? ""}`));
    if (tree === null) continue;
    const listed = await repo.git("ls-tree", "-r", tree);
    lines.push(...listed.split("\n").map((line) => line.replace("\t", `\t${path}/`)));
  }
  for (const [path, content] of Object.entries(made.files ?? {})) {
    const { mode, id } = typeof content === "string" ? { mode: "100644", id: await blobOf(repo, content) } : content;
    lines.push(`${mode} ${id}\t${path}`);
  }
  await repo.gitBytes({ env: index, input: lines.map((line) => `${line}\n`).join("") }, "update-index", "--index-info");
  const tree = (await repo.gitBytes({ env: index }, "write-tree")).toString("utf8").trim();
  const date = `${made.seconds ?? TEST_TIME} ${made.by?.zone ?? "+0000"}`;
  const env = {
    GIT_COMMITTER_DATE: date,
    GIT_AUTHOR_DATE: date,
    ...(made.by === undefined ? {} : { GIT_COMMITTER_NAME: made.by.name, GIT_COMMITTER_EMAIL: made.by.email }),
  };
  const parents = made.parents.flatMap((parent) => ["-p", parent]);
  const commit = await repo.gitBytes({ env }, "commit-tree", tree, ...parents, "-m", made.message ?? "Made by hand");
  return checkedId(commit.toString("utf8").trim());
}

/** The blob of a text. */
export async function blobOf(repo: TempRepo, text: string): Promise<string> {
  return (await repo.gitBytes({ input: text }, "hash-object", "-w", "--stdin")).toString("utf8").trim();
}
