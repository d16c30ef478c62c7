import { spawn } from "node:child_process";

const WIDTH = Math.min(process.stdout.columns ?? 100, 110);
const COLOURED = process.stdout.isTTY === true && !process.env.NO_COLOR;
const PROSE_WIDTH = Math.min(WIDTH, 100);

/** The story did not go as it is told. */
export class DemoBroken extends Error {}

/**
 * A terminal somebody types into, with a person beside who says why.
 * @param {{ example: string, program: string, environment: Record<string, string> }} world
 */
export function openTerminal(world) {
  const tell = (lines) => process.stdout.write(`${lines.join("\n")}\n`);
  return {
    chapter: (title) =>
      tell(["", "", colour(`── ${title} ${"─".repeat(Math.max(0, PROSE_WIDTH - title.length - 4))}`, "1;36")]),
    /** A sentence or two: why the next command is typed. */
    say: (text) => tell(["", ...wrap(text.split(" "), evenWidth(text)).map((line) => colour(`# ${line}`, "36"))]),
    /** A command line as a person types it, without running it. */
    type: (command) => tell(commandLines(command)),
    print: (text) => tell([text]),
    /**
     * Types a command, runs it and prints what it answers.
     * @param {{ exit?: number, says?: readonly (string | RegExp)[], shows?: (output: string) => string, types?: string,
     *   piped?: string }} expected `types`: what is seen instead of the command; `shows`: what is seen of its answer;
     *   `piped`: the filter that `shows` stands for
     */
    async run(command, expected = {}) {
      const { types = command, piped } = expected;
      tell(commandLines(piped === undefined ? types : `${types} | ${piped}`));
      const answer = await execute(command, world);
      check(command, answer, expected);
      const shown = expected.shows === undefined ? answer.output : expected.shows(answer.output);
      if (shown !== "") process.stdout.write(shown.endsWith("\n") ? shown : `${shown}\n`);
      if (answer.exitCode !== 0) tell([colour(`(exit ${answer.exitCode})`, "2")]);
      return answer;
    },
    /** Runs a command and prints nothing. */
    async quietly(command, expected = {}) {
      const answer = await execute(command, world);
      check(command, answer, expected);
      return answer;
    },
    must(holds, otherwise) {
      if (!holds) throw new DemoBroken(`The demo broke: ${otherwise}`);
    },
  };
}

export function colour(text, code) {
  return COLOURED ? `\u001b[${code}m${text}\u001b[0m` : text;
}

export function withoutColour(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
  return text.replace(/\u001b\[[\d;]*m/g, "");
}

/** @param {{ exit?: number, says?: readonly (string | RegExp)[] }} expected */
function check(command, { exitCode, output }, { exit = 0, says = [] }) {
  const plain = withoutColour(output);
  const missing = says.filter((text) => (typeof text === "string" ? !plain.includes(text) : !text.test(plain)));
  if (exitCode === exit && missing.length === 0) return;
  const what = exitCode === exit ? `it does not say ${missing.join(" nor ")}` : `it ends with ${exitCode}, not ${exit}`;
  throw new DemoBroken(`The demo broke: ${command}\n${what}. It says:\n${output}`);
}

/** `git model …` is the program of this checkout; the child answers as it would on this terminal. */
function execute(command, { example, program, environment }) {
  const [name = "", ...rest] = words(command);
  const isOurs = name === "git" && rest[0] === "model";
  const [file, args] = isOurs ? [process.execPath, [program, ...rest.slice(1)]] : [name, rest];
  const view = { GIT_MODEL_TTY: String(WIDTH), ...(COLOURED ? {} : { NO_COLOR: "1" }) };
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: example,
      env: { ...environment, ...view },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks = [];
    const errors = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => errors.push(chunk));
    child.on("error", (cause) => reject(new DemoBroken(`${file} does not start: ${cause.message}`)));
    child.on("close", (exitCode) => {
      const stdout = Buffer.concat(chunks).toString();
      resolve({ exitCode, stdout, output: Buffer.concat(errors).toString() + stdout });
    });
  });
}

/** Words as a shell sees them; double quotes are all the quoting the story needs. */
function words(command) {
  return [...command.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
}

/** The prompt and the command, continued with a backslash where it is longer than the terminal. */
function commandLines(command) {
  const [first = "", ...more] = wrap(command.split(/ (?=--|\| )/), WIDTH - 6);
  const lines = [`$ ${first}`, ...more.map((line) => `    ${line}`)];
  return lines.map((line, index) => colour(index < lines.length - 1 ? `${line} \\` : line, "1"));
}

/** As many lines as needed, none of them much shorter than the others. */
function evenWidth(text) {
  const width = PROSE_WIDTH - 2;
  const lines = Math.ceil(text.length / width);
  return lines === 1 ? width : Math.min(width, Math.ceil(text.length / lines) + 8);
}

function wrap(pieces, width) {
  const lines = [""];
  for (const word of pieces) {
    const line = lines.at(-1);
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
