/** Uses a lease. Arguments: its path; `hold` or the path of a log to write turns to. A line on stdin asks a holder whether it still holds. */
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { takeLease } from "../../../src/adapters/system/lease.ts";

const [, , path = "", log = ""] = process.argv;

if (log === "hold") {
  const lease = await takeLease(path);
  process.stdout.write("holds\n");
  for await (const _ of createInterface({ input: process.stdin })) process.stdout.write(`held ${await lease.held()}\n`);
} else {
  for (let turn = 0; turn < 10; turn += 1) {
    const lease = await takeLease(path);
    appendFileSync(log, `in ${process.pid}\n`);
    await lease.held();
    appendFileSync(log, `out ${process.pid}\n`);
    await lease.release();
  }
}
