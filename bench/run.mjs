#!/usr/bin/env node
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { casesOf } from "./cases.mjs";
import { networkCasesOf } from "./lfs.mjs";
import { medians } from "./measure.mjs";
import { openWorkshop } from "./workshop.mjs";

const USAGE = `npm run bench -- [lfs] [--rounds N] [--only TEXT] [--registry DIR] [--megabytes N] [--files N] [--server S] [--json]

Whole processes, side by side with what the work costs at least; medians of interleaved rounds. Exit 1: over budget.
  lfs              pushes and pulls over loopback, beside git-lfs on the same server
  --rounds N       counted rounds of each (default 7; lfs: 3)
  --only TEXT      only the rows whose name has this text
  --registry DIR   a registry with many versions; default: one with 10,000 of 1,000 models, made on the spot
  --megabytes N    size of the large file (default 256)
  --files N        lfs: how many small files (default 1000)
  --server S       lfs: rudolfs (default) or gitea
  --json           one JSON document`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string" },
    only: { type: "string", default: "" },
    registry: { type: "string" },
    megabytes: { type: "string", default: "256" },
    files: { type: "string", default: "1000" },
    server: { type: "string", default: "rudolfs" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
const isNetwork = positionals[0] === "lfs";
const rounds = Number(values.rounds ?? (isNetwork ? 3 : 7));

const isUsage =
  positionals.length <= 1 && (positionals.length === 0 || isNetwork) && /^(?:rudolfs|gitea)$/.test(values.server);
if (values.help) console.log(USAGE);
else if (isUsage) await run();
else {
  console.error(USAGE);
  process.exitCode = 2;
}

async function run() {
  const [megabytes, files] = [Number(values.megabytes), Number(values.files)];
  const workshop = await openWorkshop({ registry: values.registry, megabytes, files });
  try {
    const { cases, versions } = isNetwork
      ? await networkCasesOf(workshop, { server: values.server })
      : { cases: await casesOf(workshop), versions: [] };
    const rows = [];
    for (const each of cases) if (each.name.includes(values.only)) rows.push(await rowOf(each));
    const machine = [
      `${cpus().length} x ${cpus()[0]?.model.trim() ?? "?"}`,
      `Node ${process.versions.node}`,
      ...versions,
    ];
    if (values.json) console.log(JSON.stringify({ machine: machine.join(", "), rounds, rows }, null, 2));
    else console.log(tableOf(rows, machine.join(", ")));
    if (rows.some(({ within }) => within === false)) process.exitCode = 1;
  } finally {
    await workshop.close();
  }
}

/** What stops one row stops no other. */
async function rowOf(each) {
  if (each.skip !== undefined) {
    console.error(`SKIPPED ${each.name}: ${each.skip}`);
    return { name: each.name, skipped: each.skip };
  }
  console.error(`measuring ${each.name} …`);
  try {
    return await measure(each);
  } catch (error) {
    console.error(`FAILED ${each.name}: ${error.message}`);
    return { name: each.name, failed: reasonOf(error), within: false };
  }
}

/** What a program said, rather than how it was called. */
function reasonOf({ message }) {
  const [call, said] = message.split("\n");
  return said || call;
}

async function measure({ name, against, ours, floor, budget, memoryBudget, rounds: most = Number.MAX_VALUE }) {
  const taken = await medians({ ours, floor }, Math.min(most, rounds));
  const ratio = taken.ours.milliseconds / taken.floor.milliseconds;
  const peakBytes = taken.ours.peakBytes;
  const tooSlow = budget !== null && ratio > budget;
  const tooBig = memoryBudget !== undefined && peakBytes !== null && peakBytes > memoryBudget;
  return {
    name,
    against,
    milliseconds: tenths(taken.ours.milliseconds),
    floorMilliseconds: tenths(taken.floor.milliseconds),
    ratio: Math.round(ratio * 100) / 100,
    budget,
    peakMegabytes: peakBytes === null ? null : Math.round(peakBytes / 1e6),
    within: budget === null ? null : !(tooSlow || tooBig),
  };
}

function tableOf(rows, machine) {
  const cells = [
    ["WORK", "AGAINST", "OURS", "FLOOR", "RATIO", "BUDGET", ""],
    ...rows.map((row) =>
      row.against === undefined
        ? [row.name, row.failed === undefined ? `skipped: ${row.skipped}` : `FAILED: ${row.failed}`, "", "", "", "", ""]
        : [row.name, row.against, ...numbersOf(row), verdictOf(row)],
    ),
  ];
  const measured = cells.filter(([, against]) => !/^(?:skipped|FAILED): /.test(against));
  const widths = cells[0].map((_, column) => Math.max(...measured.map((row) => row[column].length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join("  ")
      .trimEnd(),
  );
  return [...lines, "", machine].join("\n");
}

function numbersOf({ milliseconds, floorMilliseconds, ratio, budget }) {
  const times = [milliseconds, floorMilliseconds].map((ms) => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(2)} s`));
  return [...times, `${ratio.toFixed(2)} x`, budget === null ? "—" : `${budget} x`];
}

function verdictOf({ within, peakMegabytes }) {
  const memory = peakMegabytes === null ? "" : `  peak ${peakMegabytes} MB`;
  if (within === null) return memory.trim();
  return `${within ? "within" : "OVER"}${memory}`;
}

function tenths(milliseconds) {
  return Math.round(milliseconds * 10) / 10;
}
