import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";

/**
 * Medians of whole processes, contestants taking turns, so that a machine that slows down slows all of them. The first
 * round warms caches and is not counted.
 * @param {Readonly<Record<string, (round: number) => Promise<Sample>>>} contestants
 * @returns {Promise<Record<string, { milliseconds: number, peakBytes: number | null }>>}
 * @typedef {{ milliseconds: number, peakBytes: number | null }} Sample
 */
export async function medians(contestants, rounds) {
  const samples = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, run] of Object.entries(contestants)) {
      const sample = await run(round);
      if (round > 0) samples[name].push(sample);
    }
  }
  return Object.fromEntries(
    Object.entries(samples).map(([name, taken]) => [
      name,
      {
        milliseconds: median(taken.map(({ milliseconds }) => milliseconds)),
        peakBytes: median(taken.map(({ peakBytes }) => peakBytes).filter((bytes) => bytes !== null)),
      },
    ]),
  );
}

/** The processes one after the other; times add up. Throws when one of them fails. */
export async function time(commands, options = {}) {
  let milliseconds = 0;
  let peakBytes = null;
  for (const [file, ...args] of commands) {
    const sample = await timeOne(file, args, options);
    milliseconds += sample.milliseconds;
    peakBytes = sample.peakBytes === null ? peakBytes : Math.max(peakBytes ?? 0, sample.peakBytes);
  }
  return { milliseconds, peakBytes };
}

function timeOne(file, args, { cwd, env, memory = false }) {
  return new Promise((resolve, reject) => {
    const errors = [];
    const started = process.hrtime.bigint();
    const child = spawn(file, args, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
    const watch = memory ? watchMemory(child.pid) : null;
    child.stderr.on("data", (chunk) => errors.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      const milliseconds = Number(process.hrtime.bigint() - started) / 1e6;
      const peakBytes = watch === null ? null : watch.end();
      if (code === 0) resolve({ milliseconds, peakBytes });
      else reject(new Error(`${file} ${args.join(" ")}: exit ${code}\n${Buffer.concat(errors)}`));
    });
  });
}

/** Linux keeps a process's highest resident size while it lives; elsewhere the answer is null. */
function watchMemory(pid) {
  let peak = null;
  const timer = setInterval(async () => {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    if (kilobytes !== undefined) peak = Math.max(peak ?? 0, Number(kilobytes) * 1024);
  }, 20);
  return {
    end() {
      clearInterval(timer);
      return peak;
    },
  };
}

function median(values) {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
