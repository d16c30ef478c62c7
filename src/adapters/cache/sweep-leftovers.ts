import { removeOlder } from "../system/remove-tree.ts";
import { type CacheLayout, HALF_MADE, PUT_AWAY } from "./cache-layout.ts";

const DAY = 24 * 60 * 60 * 1000;

/** Removes what killed processes left, at a present moment of the disk's clock: after a day, or a week where it may be of use. */
export async function sweepLeftovers(layout: CacheLayout, now: number): Promise<void> {
  for (const prefix of [HALF_MADE, PUT_AWAY]) await removeOlder(layout.versions, prefix, now - DAY);
  for (const folder of [layout.tmp, layout.locks]) await removeOlder(folder, "", now - DAY);
  for (const folder of [layout.incomplete, layout.bad]) await removeOlder(folder, "", now - 7 * DAY);
}
