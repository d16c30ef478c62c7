#!/usr/bin/env node
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { marked } from "marked";
import { makeWorld } from "./demo/world.mjs";

const USAGE = `node scripts/render-report.mjs [--out FILE] [--page FILE] [--width N] [--height N]

Photographs the report of a promotion that the gates refuse, from the example registry, as a pull request shows it.
Needs chromium on the PATH.
  --out FILE    the picture (default docs/img/review.png)
  --page FILE   photograph this Markdown page instead
  --width N     width of the paper in pixels (default 1010)
  --height N    height (default 716)`;

const { values } = parseArgs({
  options: {
    out: { type: "string", default: fileURLToPath(new URL("../docs/img/review.png", import.meta.url)) },
    page: { type: "string" },
    width: { type: "string", default: "1010" },
    height: { type: "string", default: "716" },
    help: { type: "boolean", short: "h", default: false },
  },
});

const run = promisify(execFile);

if (values.help) console.log(USAGE);
else await photograph(values.page === undefined ? await report() : await readFile(values.page, "utf8"));

/** The Markdown that `git model review` prints for tumor 1.2.0, which was trained on faulty labels. */
async function report() {
  const world = await makeWorld({ embedded: false });
  const gitModel = async (line, exits = [0]) => {
    const options = { cwd: world.example, env: world.environment };
    const {
      code = 0,
      stdout,
      stderr,
    } = await run(process.execPath, [world.program, ...line.split(" ")], options).catch((error) => error);
    if (!exits.includes(code)) throw new Error(`git model ${line} ends with ${code}: ${stdout}${stderr}`);
    return stdout;
  };
  try {
    const registry = world.environment.GIT_MODEL_REGISTRY;
    await gitModel(`init ${registry}`);
    await writeFile(join(registry, "registry.yaml"), await readFile(join(world.example, "registry.yaml")));
    await run("git", ["-C", registry, "commit", "-qm", "Add the gates", "registry.yaml"], { env: world.environment });
    const commands = await readFile(join(world.example, "commands.txt"), "utf8");
    const wanted = commands
      .split("\n")
      .filter((line) => /^git model register tumor .*--version 1\.[012]\.0 /.test(line));
    for (const line of wanted) await gitModel(line.replace("git model ", ""));
    for (const stage of ["staging", "production"]) await gitModel(`promote tumor@1.1.0 --to ${stage} --direct`);
    await gitModel("promote tumor@1.2.0 --to staging --direct");
    await gitModel("promote tumor@1.2.0 --to production", [1]);
    return await gitModel("review tumor --stage production --markdown", [1]);
  } finally {
    await world.remove();
  }
}

async function photograph(markdown) {
  const folder = await mkdtemp(join(tmpdir(), "git-model-report-"));
  try {
    const page = join(folder, "page.html");
    await writeFile(page, htmlOf(await marked.parse(markdown, { gfm: true })));
    const out = resolve(values.out);
    const size = `--window-size=${values.width},${values.height}`;
    const quiet = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      `--user-data-dir=${folder}/user`,
    ];
    await run("chromium", [...quiet, size, `--screenshot=${out}`, `file://${page}`], { timeout: 60_000 });
    console.log(`${out}: ${Math.round((await readFile(out)).length / 1000)} kB`);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** About what a pull request looks like, on a white page. */
function htmlOf(body) {
  return `<!doctype html><meta charset="utf-8"><base href="file://${process.cwd()}/"><style>
body { margin: 0; padding: 22px 28px; background: #fff; color: #1f2328; max-width: 980px;
  font: 15px/1.5 "Segoe UI", "Noto Sans", "DejaVu Sans", Helvetica, Arial, sans-serif, "Noto Color Emoji"; }
h1, h2, h3 { line-height: 1.25; margin: 20px 0 12px; }
h3:first-child, h1:first-child { margin-top: 0; }
h1, h2 { border-bottom: 1px solid #d1d9e0; padding-bottom: 6px; }
p, ul, details, blockquote { margin: 0 0 10px; }
ul { padding-left: 22px; }
table { border-collapse: collapse; margin: 6px 0 14px; }
th, td { border: 1px solid #d1d9e0; padding: 4px 11px; }
.report td, .report th { white-space: nowrap; }
tr:nth-child(2n) { background: #f6f8fa; }
th { font-weight: 600; }
code { background: #eff1f3; border-radius: 5px; padding: 2px 5px;
  font: 85% "SFMono-Regular", "DejaVu Sans Mono", Menlo, Consolas, monospace; }
pre { background: #f6f8fa; border-radius: 6px; padding: 12px 16px; overflow: auto; line-height: 1.45; }
pre code { background: none; padding: 0; }
blockquote { color: #59636e; border-left: 4px solid #d1d9e0; padding: 0 14px; }
img { max-width: 100%; border: 1px solid #d1d9e0; border-radius: 6px; }
</style><div class="${values.page === undefined ? "report" : "page"}">${body}</div>`;
}
