import { commandsIn, isMachineFile } from "./machine-files.ts";
import type { Block } from "./markdown-blocks.ts";

/** One thing that a page tells its reader to do. */
export interface Step {
  readonly page: string;
  readonly line: number;
  /** Text for bash. */
  readonly script: string;
  /** Exit code that the page announces: 0, or N after `# exit N`. */
  readonly exit: number;
  /** Output that the page shows; null: it shows none. `…` on a line of its own stands for any lines. */
  readonly shown: readonly string[] | null;
  /** Every command of it has to end with 0, not only the last. */
  readonly strict: boolean;
}

/** The commands of a page in their order; blocks that do nothing give no step. */
export function stepsOf(blocks: readonly Block[]): readonly Step[] {
  return blocks.flatMap((block) => {
    const within = isMachineFile(block) ? commandsIn(block) : null;
    if (block.words.includes("not-run")) return [];
    if (within !== null) return within.map((script) => scriptStep(block, script));
    const file = block.words.find((word) => word.startsWith("file="))?.slice("file=".length);
    if (file !== undefined) return [scriptStep(block, writeFile(file, block.lines))];
    if (["sh", "setup"].includes(block.language)) return [scriptStep(block, block.lines.join("\n"))];
    if (block.language === "python")
      return [scriptStep(block, `PATH=$FULL_PATH python3 - <<'PYTHON'\n${block.lines.join("\n")}\nPYTHON`)];
    return block.language === "console" ? consoleSteps(block) : [];
  });
}

function scriptStep({ page, line }: Block, script: string): Step {
  return { page, line, script, exit: 0, shown: null, strict: true };
}

function writeFile(path: string, lines: readonly string[]): string {
  return `mkdir -p "$(dirname '${path}')" && cat > '${path}' <<'CONTENT'\n${lines.join("\n")}\nCONTENT`;
}

/** `$ command`, continued while a line ends in a backslash, then its output up to the next prompt. */
function consoleSteps({ page, line, lines }: Block): readonly Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < lines.length; ) {
    const first = lines[at] ?? "";
    if (!first.startsWith("$ ")) throw new Error(`${page}:${line + at}: a console block begins with a prompt`);
    const start = at;
    const command = [first.slice(2)];
    while (command.at(-1)?.endsWith("\\")) command.push(lines[++at] ?? "");
    at++;
    const shown: string[] = [];
    while (at < lines.length && !lines[at]?.startsWith("$ ")) shown.push(lines[at++] ?? "");
    const exit = Number(/# exit (\d+)$/.exec(command.at(-1) ?? "")?.[1] ?? 0);
    steps.push({
      page,
      line: line + start,
      script: command.join("\n"),
      exit,
      shown: withoutBlankEnd(shown),
      strict: false,
    });
  }
  return steps;
}

function withoutBlankEnd(lines: readonly string[]): readonly string[] {
  const last = lines.findLastIndex((line) => line.trim() !== "");
  return lines.slice(0, last + 1);
}

/** True iff the output is what is shown, but for ids, times and the width of columns. */
export function looksLike(shown: readonly string[], output: readonly string[]): boolean {
  const [first, ...rest] = shown;
  if (first === undefined) return output.length === 0;
  if (first.trim() === "…") {
    return Array.from({ length: output.length + 1 }, (_, skipped) => skipped).some((skipped) =>
      looksLike(rest, output.slice(skipped)),
    );
  }
  const [line, ...others] = output;
  return line !== undefined && normalised(line) === normalised(first) && looksLike(rest, others);
}

const AGE = /just now|yesterday|\d+ (?:second|minute|hour|day|week|month|year)s? ago/g;

function normalised(line: string): string {
  return line
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "<time>")
    .replace(AGE, "<time>")
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b/g, "<id>")
    .replace(/ {2,}/g, "  ")
    .trimEnd();
}
