import { RegistryError } from "../../errors.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** The bytes that `git-model.cacheSize` allows, as git reads numbers: `500m`, `20g`. Null, when unset: no limit. Throws `usage`. */
export function parseCacheLimit(value: string | null): number | null {
  if (value === null) return null;
  const [, digits = "", unit = ""] = /^\s*\+?(\d+)([kmg]?)$/i.exec(value) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
  if (digits !== "" && Number.isSafeInteger(bytes)) return bytes;
  throw new RegistryError("usage", `git-model.cacheSize is ${JSON.stringify(value)}, which is no number of bytes`, {
    hint: "git config --global git-model.cacheSize 20g",
  });
}
