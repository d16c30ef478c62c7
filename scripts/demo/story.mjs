import { createHash } from "node:crypto";
import { copyFile, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { colour, openTerminal, withoutColour } from "./terminal.mjs";

/** Commands of a file of the example, without comments. */
async function commandsOf(world, file) {
  const text = await readFile(join(world.example, file), "utf8");
  return text.split("\n").filter((line) => line.startsWith("git model "));
}

/**
 * The life of a model, from training to a rollback at night. Throws DemoBroken where a command does not behave as told.
 * @param {{ directory: string, example: string, program: string, environment: Record<string, string> }} world
 * @param {{ stays: boolean }} options
 */
export async function tellStory(world, { stays }) {
  const started = Date.now();
  const terminal = openTerminal(world);
  terminal.print(
    `${colour("git-model", "1")} keeps models in Git: a version is a tag, a stage is a branch, a promotion is a pull request.\n` +
      `Everything below really happens, in ${world.directory}`,
  );
  const scene = { world, terminal };
  await makeRegistry(scene);
  await registerVersions(scene);
  await releaseFirstVersions(scene);
  await promoteByRequest(scene);
  await meetTheGates(scene);
  await compareFairly(scene);
  await lookBack(scene);
  await rollBackAtNight(scene);
  await serve(scene);
  await checkEverything(scene);
  if (stays) invite(scene, Math.round((Date.now() - started) / 1000));
}

async function makeRegistry({ world, terminal }) {
  terminal.chapter("1 · A registry is a Git repository");
  terminal.say("Your team's Git server. A bare directory plays its part here; GitHub or any other would do.");
  await terminal.run("git init --quiet --bare --initial-branch=main ../server.git");

  terminal.say("The registry: a repository of its own, with a policy and a branch for each stage.");
  await terminal.run("git model init ../models", { says: ["staging", "production"] });

  terminal.say("The policy of this example brings gates: what a version must fulfil before production may hold it.");
  terminal.type("cp registry.yaml ../models/");
  await copyFile(join(world.example, "registry.yaml"), join(world.directory, "models/registry.yaml"));
  await terminal.run('git -C ../models commit --quiet -m "Add the gates" registry.yaml');
  await terminal.run("git -C ../models remote add origin ../server.git");
  await terminal.run("git -C ../models push --quiet origin main");
  await terminal.run("git model push");
  terminal.type("export GIT_MODEL_REGISTRY=../models");
}

async function registerVersions({ world, terminal }) {
  const [first, ...others] = await commandsOf(world, "commands.txt");
  terminal.chapter("2 · A training job registers what it made");
  terminal.say("Model files, their numbers, what they were measured on, the model card: one command, one new tag.");
  await terminal.run(first, { says: ["tumor@1.0.0"] });

  terminal.say(
    `commands.txt has ${others.length} more like it, for three models. Training jobs need not wait for one another; ` +
      "each version is compared with the one before:",
  );
  for (const said of await inParallelByModel(terminal, others)) terminal.print(inBrief(said));

  terminal.say("Registering the same content again is no second version: a training job may be run again.");
  await terminal.run(first, { says: ["nothing to do"], types: shortened(first) });

  terminal.say("What is there now?");
  await terminal.run("git model list", { says: ["tumor-onnx", "diabetes"] });
  terminal.say("One model's versions and their numbers, as registered.");
  await terminal.run("git model list tumor", { says: ["1.3.0", "0.9625"] });
}

async function releaseFirstVersions({ terminal }) {
  terminal.chapter("3 · First releases");
  terminal.say(
    "Staging takes every version. Production has nothing yet to compare with, so only fixed limits are judged.",
  );
  await terminal.run("git model promote tumor@1.0.0 diabetes@1.1.0 --to staging --direct", { says: ["tumor"] });
  await terminal.run("git model promote tumor@1.0.0 diabetes@1.1.0 --to production --direct", { says: ["tumor"] });
}

async function promoteByRequest({ terminal }) {
  terminal.chapter("4 · A better version: look, ask, merge");
  terminal.say("Is 1.1.0 better than what production holds? Better, not only higher: a latency should fall.");
  await terminal.run("git model diff tumor@production tumor@1.1.0", { says: ["1.1.0", "better"] });

  terminal.say(
    "It has to pass through staging first. Without --direct a promotion is a request, as a pull request is.",
  );
  await terminal.run("git model promote tumor@1.1.0 --to staging --direct");
  await terminal.run("git model promote tumor@1.1.0 --to production", { says: ["1.1.0"] });

  terminal.say("A colleague sees what is open and why it may be merged. CI judges with the same code.");
  await terminal.run("git model pr list", { says: ["tumor", "production"] });
  terminal.say("The same verdict as Markdown, which on GitHub is the comment below the pull request:");
  await terminal.run("git model review tumor --stage production --markdown", { says: ["recall"], shows: firstSection });

  terminal.say("Merging moves the stage branch by one commit and leaves a release tag.");
  await terminal.run("git model pr merge tumor --stage production", { says: ["1.1.0"] });
}

async function meetTheGates({ terminal }) {
  terminal.chapter("5 · The gates say no");
  terminal.say("Version 1.2.0 was trained on faulty labels. Its accuracy alone would pass; the other gates see it.");
  await terminal.run("git model promote tumor@1.2.0 --to staging --direct");
  await terminal.run("git model promote tumor@1.2.0 --to production --direct", {
    exit: 1,
    says: ["f1", "recall", "0.7119"],
  });
}

async function compareFairly({ world, terminal }) {
  terminal.chapter("6 · Numbers from different data are not compared");
  terminal.say(
    "Version 1.3.0 was measured on next quarter's holdout. Its f1 is lower than the champion's, but on other, harder rows. git-model does not guess.",
  );
  await terminal.run("git model promote tumor@1.3.0 --to staging --direct");
  await terminal.run("git model promote tumor@1.3.0 --to production --direct", { exit: 1, says: ["f1"] });

  const evaluate = (await commandsOf(world, "story.txt")).find((line) => line.startsWith("git model evaluate"));
  terminal.must(evaluate !== undefined, "story.txt has no evaluation");
  terminal.say(
    "So the champion is measured on the new holdout too. The version does not change; a measurement is added.",
  );
  await terminal.run(evaluate, { says: ["tumor@1.1.0"] });

  terminal.say("The same command, the same gates, now with an answer. The latency gate only warns.");
  await terminal.run("git model promote tumor@1.3.0 --to production --direct", { says: ["1.3.0"] });
}

async function lookBack({ terminal }) {
  terminal.chapter("7 · Who brought what where, and when");
  terminal.say("Read from the branches' own commits, so it cannot disagree with what the stages hold.");
  await terminal.run("git model history tumor", { says: ["1.3.0", "production", "ada"] });

  terminal.say("Everything about what production runs.");
  await terminal.run("git model show tumor@production", {
    says: ["1.3.0", "sha256"],
    piped: "head -20",
    shows: (output) => output.split("\n").slice(0, 20).join("\n"),
  });
}

async function rollBackAtNight({ terminal }) {
  terminal.chapter("8 · Three in the morning");
  terminal.say(
    "Something is wrong in production. One command brings back what it held before, whatever the gates think.",
  );
  await terminal.run("git model rollback tumor --stage production --direct", { says: ["1.1.0"] });
}

async function serve({ world, terminal }) {
  terminal.chapter("9 · In your service");
  terminal.say(
    "Get what production holds. `current` is a link that moves in one step, so a running service never sees half a model.",
  );
  await terminal.run("git model pull tumor@production --link ../current", { says: ["1.1.0"] });

  terminal.say("Every byte was checked against the manifest. See for yourself:");
  await hashesAgree({ world, terminal });

  terminal.say("Or as plain files, for an image or a notebook. Any semver range works as well as a stage.");
  await terminal.run("git model pull tumor-onnx@^1.0 -o ../onnx", { says: ["tumor-onnx"] });
  await predict({ world, terminal });
}

async function hashesAgree({ world, terminal }) {
  const current = join(world.directory, "current");
  const files = (await readdir(current)).filter((name) => name.endsWith(".pkl"));
  terminal.type(`sha256sum ${files.map((name) => `../current/${name}`).join(" ")}`);
  const manifest = await readFile(join(current, "manifest.yaml"), "utf8");
  for (const name of files) {
    const digest = createHash("sha256")
      .update(await readFile(join(current, name)))
      .digest("hex");
    terminal.print(`${digest}  ../current/${name}`);
    terminal.must(manifest.includes(`path: ${name}, role: `), `the manifest does not name ${name}`);
    terminal.must(manifest.includes(digest), `the manifest has another sha256 for ${name}`);
  }
  await terminal.run("grep pkl ../current/manifest.yaml");
}

async function predict({ world, terminal }) {
  const python = await pythonWithSklearn(terminal);
  const command = "python3 predict.py ../current";
  if (python) {
    terminal.say("And it predicts.");
    await terminal.run(command, { says: ["malignant"] });
    return;
  }
  const [needed] = (await readFile(join(world.example, "requirements.txt"), "utf8")).match(/scikit-learn\S+/) ?? [];
  terminal.say(`It predicts, too, where Python has ${needed}: pip install -r requirements.txt, then ${command}`);
}

async function pythonWithSklearn(terminal) {
  try {
    return (await terminal.quietly('python3 -c "import sklearn, numpy"')) !== null;
  } catch {
    return false;
  }
}

async function checkEverything({ terminal }) {
  terminal.chapter("10 · Nothing up the sleeve");
  terminal.say("Every version, stage and release checked against what Git remembers.");
  await terminal.run("git model doctor", { says: ["9 versions"] });

  terminal.say("And it is only Git: any clone has all of it.");
  await terminal.run("git -C ../models log --first-parent --format=%s origin/stage/production -- models/tumor", {
    says: ["Roll back tumor to 1.1.0 on production"],
  });
  await terminal.run("git -C ../models diff --unified=0 tumor@v1.0.0 tumor@v1.1.0 -- manifest.yaml", {
    piped: 'grep -E "^.  (accuracy|f1|estimator):"',
    shows: (output) => linesWith(output, /^.{3}(accuracy|f1|estimator):/),
  });
}

function invite({ world, terminal }, seconds) {
  const lines = [
    "",
    "",
    `That took ${seconds} seconds. The registry stays where it is; to play on:`,
    "",
    `    . ${world.directory}/play.sh`,
    "    git model list tumor --where 'f1>=0.94'",
    "    git model promote tumor@1.2.0 --to production --dry-run",
    "    git model pull diabetes@production -o diabetes",
    "",
    `Gone again with: chmod -R u+w ${world.directory} && rm -r ${world.directory}`,
  ];
  terminal.print(lines.join("\n"));
}

/** `Registered tumor@1.1.0` and the first of the lines that compare it. */
function inBrief(text) {
  const lines = text.split("\n");
  const plain = lines.map((line) => withoutColour(line).trim());
  const compared = plain.findIndex((line) => line.startsWith("vs ") || line.startsWith("not comparable"));
  if (compared < 0) return lines[0] ?? "";
  const goesOn = /^ {14}/.test(withoutColour(lines[compared + 1] ?? ""));
  return `${lines[0]}\n${lines[compared]}${goesOn ? " · …" : ""}`;
}

/** Models side by side, the versions of each in their order; answers in the order of the commands. */
async function inParallelByModel(terminal, commands) {
  const models = new Map();
  const answers = [];
  for (const command of commands) {
    const [, , , model] = command.split(" ");
    const before = models.get(model) ?? Promise.resolve();
    models.set(
      model,
      before.then(() => terminal.quietly(command, { says: ["Registered"] })),
    );
    answers.push(models.get(model));
  }
  return (await Promise.all(answers)).map(({ stdout }) => stdout);
}

/** The command as somebody types it the second time, with the arrow key: its end is not worth reading again. */
function shortened(command) {
  return `${command.split(" ").slice(0, 8).join(" ")} …`;
}

/** The report up to its first folded part. */
function firstSection(text) {
  const [head = ""] = text.split("<details>");
  return `${head.trimEnd()}\n…`;
}

function linesWith(text, pattern) {
  return text
    .split("\n")
    .filter((line) => pattern.test(line))
    .join("\n");
}
