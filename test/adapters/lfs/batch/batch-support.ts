import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Logins } from "../../../../src/adapters/credentials/logins.ts";
import { openLogins } from "../../../../src/adapters/credentials/open-logins.ts";
import { type LocalStore, openLocalStore } from "../../../../src/adapters/lfs/local-store.ts";
import { artifactRemoteFor } from "../../../../src/adapters/lfs/remote-for-url.ts";
import type { Pointer } from "../../../../src/domain/artifact/pointer.ts";
import type { ArtifactRemote } from "../../../../src/ports/artifact-store.ts";
import type { Clock } from "../../../../src/ports/clock.ts";
import type { ConfigEntry } from "../../../../src/ports/git-store.ts";
import { testClient } from "../../http/http-support.ts";

/** Time that passes only where somebody waits. */
export interface QuickClock extends Clock {
  /** Milliseconds of every wait, in order. */
  readonly waits: readonly number[];
  /** Their sum. */
  readonly waited: number;
  pass(milliseconds: number): void;
}

export function quickClock(random = 0.5): QuickClock {
  const waits: number[] = [];
  let now = 1_700_000_000_000;
  return {
    waits,
    get waited() {
      return waits.reduce((sum, each) => sum + each, 0);
    },
    now: () => now,
    async sleep(milliseconds) {
      waits.push(milliseconds);
      now += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
    },
    random: () => random,
    pass(milliseconds) {
      now += milliseconds;
    },
  };
}

export interface Side {
  readonly remote: ArtifactRemote;
  readonly store: LocalStore;
  readonly clock: QuickClock;
  /** Puts a file into the store. */
  ingest(content: string | Uint8Array): Promise<Pointer>;
}

export interface SideOptions {
  readonly config?: readonly ConfigEntry[];
  readonly logins?: Logins;
  readonly environment?: NodeJS.ProcessEnv;
  readonly idleTimeoutMs?: number;
  readonly clock?: Clock;
  /** URL of the Git remote; with `endpoint` it does not matter. */
  readonly url?: string;
  /** Where a relative path is looked for and ssh runs. */
  readonly base?: string;
}

/** A client with a store of its own; `endpoint` is its `lfs.url`. */
export async function openSide(endpoint: string | null, options: SideOptions = {}): Promise<Side> {
  const directory = await mkdtemp(join(tmpdir(), "git-model-side-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const clock = quickClock();
  const { environment = {}, url = "https://registry.invalid/models" } = options;
  const config = [...(endpoint === null ? [] : [{ key: "lfs.url", value: endpoint }]), ...(options.config ?? [])];
  const logins = options.logins ?? openLogins({ config, environment, registryUrl: url, runGit: null });
  const idle = options.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: options.idleTimeoutMs };
  const store = openLocalStore({ commonDir: directory });
  const remote = artifactRemoteFor({
    remoteName: "origin",
    url,
    base: options.base ?? directory,
    store,
    environment,
    config: async () => config,
    http: testClient({ config, environment, logins, registryUrl: url, ...idle }),
    clock: options.clock ?? clock,
  });
  return {
    remote,
    store,
    clock,
    async ingest(content) {
      await writeFile(join(directory, "file"), content);
      return store.ingest(join(directory, "file"));
    },
  };
}

/** Bytes that compress badly and are the same every time. */
export function bytesOf(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let state = seed;
  for (let at = 0; at < size; at += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    bytes[at] = state >> 16;
  }
  return bytes;
}
