import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll } from "vitest";
import { oracle } from "./oracles.ts";
import { tempDir } from "./temp-repo.ts";

const stops: (() => void)[] = [];

afterAll(() => {
  for (const stop of stops.splice(0)) stop();
});

export interface RudolfsServer {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** The LFS endpoint of a project: a store of its own. */
  endpoint(project: string): string;
  /** Where the objects lie. */
  readonly directory: string;
}

/** An LFS server written by others, on loopback, with a directory of its own; ends with the test file. */
export async function startRudolfs(): Promise<RudolfsServer> {
  const program = oracle("rudolfs");
  if (program === null) throw new Error("rudolfs is not installed");
  const directory = await tempDir("git-model-rudolfs-");
  const child = spawn(program, ["--host", "127.0.0.1:0", "local", "--path", directory], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  stops.push(() => child.kill());
  process.once("exit", () => child.kill());
  const address = await new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => reject(new Error(`rudolfs ended with ${code}`)));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on("line", (line) => {
        const said = /Listening on (127\.0\.0\.1:[0-9]+)/.exec(line)?.[1];
        if (said !== undefined) resolve(said);
      });
    }
  });
  const origin = `http://${address}`;
  return { origin, directory, endpoint: (project) => `${origin}/api/test/${project}` };
}
