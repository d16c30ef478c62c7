import { expect, test } from "vitest";
import { insteadOf, pushInsteadOf } from "../../../src/adapters/git/instead-of.ts";
import { tempRepo } from "../../support/temp-repo.ts";

type Rule = readonly [base: string, variable: "insteadOf" | "pushInsteadOf", prefix: string];

const CASES: readonly { readonly name: string; readonly rules: readonly Rule[]; readonly address: string }[] = [
  { name: "no rule", rules: [], address: "https://git.example.org/a.git" },
  { name: "one rule", rules: [["https://mirror.example.org/", "insteadOf", "gh:"]], address: "gh:acme/models.git" },
  {
    name: "the longest prefix",
    rules: [
      ["https://one.example.org/", "insteadOf", "https://git.example.org/"],
      ["https://two.example.org/", "insteadOf", "https://git.example.org/acme/"],
      ["https://three.example.org/", "insteadOf", "https://git."],
    ],
    address: "https://git.example.org/acme/models.git",
  },
  {
    name: "of equal prefixes the base that comes first",
    rules: [
      ["https://first.example.org/", "pushInsteadOf", "other:"],
      ["https://second.example.org/", "insteadOf", "gh:"],
      ["https://first.example.org/", "insteadOf", "gh:"],
    ],
    address: "gh:a.git",
  },
  {
    name: "one base with several prefixes, in a base with dots and capitals",
    rules: [
      ["ssh://Git@git.example.org:2222/", "insteadOf", "a:"],
      ["ssh://Git@git.example.org:2222/", "insteadOf", "b:"],
    ],
    address: "b:models.git",
  },
  { name: "a prefix is no part", rules: [["https://x.example.org/", "insteadOf", "example"]], address: "/srv/example" },
  {
    name: "pushes go elsewhere",
    rules: [
      ["https://read.example.org/", "insteadOf", "https://git.example.org/"],
      ["https://write.example.org/", "pushInsteadOf", "https://git.example.org/"],
    ],
    address: "https://git.example.org/a.git",
  },
  { name: "an empty prefix", rules: [["/srv/git/", "insteadOf", ""]], address: "models.git" },
];

test.each(CASES)("addresses are replaced as git does it: $name", async ({ rules, address }) => {
  const repository = await tempRepo();
  await repository.git("remote", "add", "origin", address);
  for (const [base, variable, prefix] of rules)
    await repository.git("config", "--add", `url.${base}.${variable}`, prefix);
  const config = rules.map(([base, variable, prefix]) => ({
    key: `url.${base}.${variable.toLowerCase()}`,
    value: prefix,
  }));

  expect(insteadOf(address, config)).toBe(await repository.git("remote", "get-url", "origin"));
  expect(pushInsteadOf(address, config)).toBe(await repository.git("remote", "get-url", "--push", "origin"));
});
