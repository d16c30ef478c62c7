import { RegistryError } from "../../errors.ts";

/** How many rows are wanted, 0 or more; undefined: all. */
export function requireLimit(limit: number | undefined): number | undefined {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) return limit;
  throw new RegistryError("usage", `a limit is a whole number, not ${limit}`, { hint: "--limit 20" });
}
