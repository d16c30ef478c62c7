import { describe, it } from "vitest";
import type { Materialisation } from "../../../src/ports/model-cache.ts";
import { fleetOfFour, KB } from "./fleet.ts";

describe("readers beside processes that drop", () => {
  it("never takes away what a process reads that was handed it, whoever drops meanwhile", async () => {
    const { start, pull, one, two, three, four } = await fleetOfFour();
    const reader = start([one], { reads: true, turns: 1, limit: 150 * KB });
    await reader.says(/reads/);
    for (let round = 0; round < 3; round += 1) {
      for (const version of [two, three, four]) await pull(version, { limit: 150 * KB });
    }
    reader.child.stdin.end();
    await reader.says(/read \d+/);
    await reader.ends();
  });

  it("lets processes that come and go read what they were handed, with room for one version only", async () => {
    const { start, one, two, three, four } = await fleetOfFour();
    const lane = async (...versions: readonly Materialisation[]) => {
      for (let round = 0; round < 5; round += 1) await start(versions, { reads: true, limit: 110 * KB }).ends();
    };
    await Promise.all([lane(one, two), lane(three), lane(four, one)]);
  });
});
