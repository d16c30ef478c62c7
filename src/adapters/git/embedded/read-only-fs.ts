import { lstat, readdir, readFile, readlink, stat } from "node:fs/promises";
import { errnoOf } from "../../system/disk-error.ts";

/**
 * The file system that isomorphic-git is given: it cannot write, and what it may not read looks absent to it, because it
 * prints other errors to stdout.
 */
export function readOnlyFs() {
  return {
    promises: {
      readFile: absentIfForbidden(readFile),
      readdir: absentIfForbidden(readdir),
      readlink: absentIfForbidden(readlink),
      stat: absentIfForbidden(stat),
      lstat: absentIfForbidden(lstat),
      writeFile: refuse,
      mkdir: refuse,
      rmdir: refuse,
      unlink: refuse,
      symlink: refuse,
    },
  };
}

function absentIfForbidden<Args extends readonly unknown[], Result>(read: (...args: Args) => Promise<Result>) {
  return async (...args: Args): Promise<Result> => {
    try {
      return await read(...args);
    } catch (cause) {
      if (errnoOf(cause) === "ENOENT") throw cause;
      throw Object.assign(new Error("it cannot be read", { cause }), { code: "ENOENT" });
    }
  };
}

async function refuse(): Promise<never> {
  throw Object.assign(new Error("this file system is read-only"), { code: "EROFS" });
}
