import { readFileSync, readlinkSync } from "node:fs";

/**
 * Names the time since the machine was started: bytes that were written under the same name cannot have been lost in a
 * power failure. Null where the system does not say.
 */
export function bootId(): string | null {
  try {
    const id = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return /^[0-9a-f-]{36}$/.test(id) ? id : null;
  } catch {
    return null;
  }
}

/** Names the space in which a process number means one process: this boot, this container. Null where the system does not say. */
export function processSpace(): string | null {
  const boot = bootId();
  if (boot === null) return null;
  try {
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return null;
  }
}
