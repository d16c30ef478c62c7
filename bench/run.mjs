#!/usr/bin/env node
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { casesOf } from "./cases.mjs";
import { medians } from "./measure.mjs";
import { openWorkshop } from "./workshop.mjs";

const USAGE = `npm run bench -- [--rounds N] [--only TEXT] [--registry DIR] [--megabytes N] [--json]

Whole processes, side by side with what the work costs at least; medians of interleaved rounds.
  --rounds N       counted rounds of each (default 7)
  --only TEXT      only the rows whose name has this text
  --registry DIR   a registry with many versions; default: one with 10,000 of 1,000 models, made on the spot
  --megabytes N    size of the registered file (default 256)
  --json           one JSON document`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    only: { type: "string", default: "" },
    registry: { type: "string" },
    megabytes: { type: "string", default: "256" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help) console.log(USAGE);
else await run();

async function run() {
  const workshop = await openWorkshop({ registry: values.registry, megabytes: Number(values.megabytes) });
  try {
    const rows = [];
    for (const each of await casesOf(workshop)) {
      if (!each.name.includes(values.only)) continue;
      console.error(each.skip === undefined ? `measuring ${each.name} …` : `SKIPPED ${each.name}: ${each.skip}`);
      rows.push(each.skip === undefined ? await measure(each) : { name: each.name, skipped: each.skip });
    }
    const machine = `${cpus().length} x ${cpus()[0]?.model.trim() ?? "?"}, Node ${process.versions.node}`;
    if (values.json) console.log(JSON.stringify({ machine, rounds: Number(values.rounds), rows }, null, 2));
    else console.log(tableOf(rows, machine));
    if (rows.some(({ within }) => within === false)) process.exitCode = 1;
  } finally {
    await workshop.close();
  }
}

async function measure({ name, against, ours, floor, budget, memoryBudget, rounds }) {
  const taken = await medians({ ours, floor }, Math.min(rounds ?? Number.MAX_VALUE, Number(values.rounds)));
  const ratio = taken.ours.milliseconds / taken.floor.milliseconds;
  const peakBytes = taken.ours.peakBytes;
  const tooSlow = budget !== null && ratio > budget;
  const tooBig = memoryBudget !== undefined && peakBytes !== null && peakBytes > memoryBudget;
  return {
    name,
    against,
    milliseconds: round(taken.ours.milliseconds),
    floorMilliseconds: round(taken.floor.milliseconds),
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
      row.skipped === undefined
        ? [row.name, row.against, ...numbersOf(row), verdictOf(row)]
        : [row.name, `skipped: ${row.skipped}`, "", "", "", "", ""],
    ),
  ];
  const measured = cells.filter(([, against]) => !against.startsWith("skipped"));
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

function round(milliseconds) {
  return Math.round(milliseconds * 10) / 10;
}
