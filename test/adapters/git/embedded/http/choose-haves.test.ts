import { expect, it } from "vitest";
import { chooseHaves } from "../../../../../src/adapters/git/embedded/http/choose-haves.ts";
import type { ObjectId } from "../../../../../src/domain/object-id.ts";
import type { RefName } from "../../../../../src/ports/git-store.ts";

const id = (n: number) => n.toString(16).padStart(40, "0") as ObjectId;

it("tells what the wanted refs were, all branches, and the neighbours of new names, among 20,000 tags", () => {
  const here = new Map<RefName, ObjectId>();
  for (let n = 0; n < 20_000; n++) here.set(`refs/tags/m${String(n).padStart(5, "0")}@v1.0.0`, id(n));
  here.set("refs/heads/stage/production", id(100_001));
  here.set("refs/remotes/origin/stage/staging", id(100_002));
  here.set("refs/tags/zebra@v1.0.0", id(100_003));
  const haves = chooseHaves(here, ["refs/tags/zebra@v1.0.0", "refs/tags/m12345@v1.1.0", "refs/heads/new"]);
  expect(haves.slice(0, 3)).toEqual([id(100_003), id(100_001), id(100_002)]);
  expect(haves).toEqual(expect.arrayContaining([id(12_344), id(12_345), id(12_346), id(12_347)]));
  expect(haves).toHaveLength(256);
  expect(new Set(haves).size).toBe(256);
});

it("tells all there is in a small repository, each object once", () => {
  const here = new Map<RefName, ObjectId>([
    ["refs/tags/a", id(1)],
    ["refs/tags/b", id(1)],
    ["refs/heads/main", id(2)],
  ]);
  expect(chooseHaves(here, ["refs/heads/new"])).toEqual([id(2), id(1)]);
});
