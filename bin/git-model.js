#!/usr/bin/env node
import nodeModule from "node:module";

const OLDEST_NODE = [20, 19];

if (isOlder(process.versions.node, OLDEST_NODE)) {
  console.error(`git-model needs Node ${OLDEST_NODE.join(".")} or newer; this is ${process.versions.node}.`);
  process.exitCode = 3;
} else {
  start().catch(report);
}

async function start() {
  nodeModule.enableCompileCache?.();
  endQuietlyWhenNobodyReads(process.stdout);
  endQuietlyWhenNobodyReads(process.stderr);
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  const { main, processIo } = await import("../dist/cli/main.js");
  process.once("exit", reportSilence);
  process.exitCode = await main(process.argv.slice(2), processIo());
}

/** Node ends with 0 when nothing is left that could wake a promise: no script may take that for an answer. */
function reportSilence() {
  if (process.exitCode !== undefined) return;
  console.error("git-model has a bug, please report it: it ended without an answer");
  process.exitCode = 70;
}

/** `git model list | head -1` closes the pipe early: that is the reader's right and no failure. Any other end is one. */
function endQuietlyWhenNobodyReads(stream) {
  stream.on("error", (error) => {
    if (error.code === "EPIPE") process.exit(0);
    // A full disk behind `> file`: the answer is lost, and with --json nobody could read that in it.
    if (stream !== process.stderr) console.error(`error[disk]: the answer cannot be written: ${error.code}`);
    process.exit(3);
  });
}

/** `main` answers its own errors; what arrives here is a broken installation or our bug. */
function report(error) {
  const missing = error?.code === "ERR_MODULE_NOT_FOUND" && String(error.message).includes("dist");
  console.error(
    missing
      ? "git-model is not built: run npm run build in its folder."
      : `git-model has a bug, please report it: ${error?.stack ?? error}`,
  );
  process.exitCode = 70;
}

function isOlder(version, [major, minor]) {
  const [ours, oursMinor] = version.split(".").map(Number);
  return ours < major || (ours === major && oursMinor < minor);
}
