import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FetchLog } from "../../ports/fetch-log.ts";
import { writeAtomically } from "./atomic-file.ts";

/** Keeps the time of the last fetch in `git-model/fetched-at` under the git directory. Losing it loses nothing but that answer. */
export function openFetchLog(commonDir: string): FetchLog {
  const file = join(commonDir, "git-model", "fetched-at");
  return {
    read: async () => {
      const text = await readFile(file, "utf8").catch(() => "");
      return /^\d{1,15}\n?$/.test(text) ? Number(text) : null;
    },
    record: async (now) => {
      await writeAtomically(file, `${now}\n`).catch(() => undefined);
    },
  };
}
