import { resolve } from "node:path";
import type { Registry, RegistryOptions } from "../operations/registry.ts";
import type { Call } from "./command.ts";
import type { Io } from "./io.ts";
import { terminalReporter } from "./terminal-reporter.ts";

interface SessionOptions {
  readonly directories: readonly string[];
  readonly registry: string | undefined;
  readonly quiet: boolean;
  readonly colour: boolean;
}

/** One run of the program: the caller's directory, and at most one open registry. */
export interface Session {
  readonly call: Pick<Call, "directory" | "open" | "init" | "validateFiles">;
  close(): Promise<void>;
}

export function openSession(io: Io, options: SessionOptions): Session {
  const directory = directoryOf(io, options.directories);
  const registryOptions: RegistryOptions = {
    directory,
    environment: io.environment,
    reporter: terminalReporter(io, options),
    ...(options.registry === undefined ? {} : { registry: options.registry }),
  };
  let opened: Promise<Registry> | null = null;
  return {
    call: {
      directory,
      open: () => {
        opened ??= io.openRegistry(registryOptions);
        return opened;
      },
      init: (place, question) => io.initRegistry(place, question, registryOptions),
      validateFiles: (files) => io.validateAnywhere({ files }, registryOptions),
    },
    close: async () => {
      const registry = await opened?.catch(() => null);
      await registry?.close();
    },
  };
}

/** Like git's -C: several add up. */
export function directoryOf(io: Pick<Io, "directory">, directories: readonly string[]): string {
  return resolve(io.directory, ...directories.filter((one) => one !== ""));
}
