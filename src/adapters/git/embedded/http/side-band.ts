import { RegistryError } from "../../../../errors.ts";
import { cutOff, notGit, type PacketReader, remoteSays } from "./pkt-line.ts";

/** Progress and signs of life that are dropped; a server that sends more of them wants nothing but our time. */
const MOST_PROGRESS = 16 * 1024 * 1024;
/** What a short one counts for. */
const LEAST_COUNTED = 64;

/**
 * The data of a multiplexed answer, up to its flush. Progress is dropped. Throws `git-failed` with the words of the error
 * band, `network` where the answer is cut off.
 */
export async function* sideBand(answer: PacketReader): AsyncGenerator<Buffer> {
  let progress = 0;
  for (;;) {
    const next = await answer.next();
    if (next === null) throw cutOff(answer.from);
    if (next.kind !== "data") return;
    const [band] = next.bytes;
    const bytes = next.bytes.subarray(1);
    if (band === 1 && bytes.length > 0) {
      yield bytes;
      continue;
    }
    if (band === 3) throw remoteSays(answer.from, bytes.toString("utf8"));
    if (band !== 1 && band !== 2) throw notGit(answer.from);
    progress += Math.max(next.bytes.length, LEAST_COUNTED);
    if (progress > MOST_PROGRESS) {
      const message = `${answer.from} sends messages and no data`;
      throw new RegistryError("network", message, { retryable: true, hint: "run it again" });
    }
  }
}
