import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

interface LockedPackage {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

test("the lockfile names the package of every platform, so that npm ci works on all of them", async () => {
  const locked = await lockedPackages();
  const absent = Object.entries(locked).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(locked, path, name)),
  );
  expect(absent).toEqual([]);
});

test("the lockfile ties nobody to one registry host", async () => {
  const hosts = Object.values(await lockedPackages()).flatMap(({ resolved }) => resolved ?? []);
  expect(hosts).toEqual([]);
});

test("the launcher asks for the Node version that package.json asks for", async () => {
  const { engines } = JSON.parse(await read("package.json")) as { readonly engines: { readonly node: string } };
  const launcher = await read("bin/git-model.js");
  expect(launcher).toContain(`OLDEST_NODE = [${engines.node.replace(">=", "").split(".").join(", ")}]`);
});

async function lockedPackages(): Promise<Readonly<Record<string, LockedPackage>>> {
  const lock = JSON.parse(await read("package-lock.json")) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  return lock.packages;
}

function isLocked(locked: Readonly<Record<string, LockedPackage>>, path: string, name: string): boolean {
  return `node_modules/${name}` in locked || `${path}/node_modules/${name}` in locked;
}

function read(path: string): Promise<string> {
  return readFile(fileURLToPath(new URL(`../${path}`, import.meta.url)), "utf8");
}
