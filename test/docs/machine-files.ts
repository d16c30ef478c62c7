import { parse } from "yaml";
import type { Block } from "./markdown-blocks.ts";

/** A file for another program, by what marks its block: a Dockerfile, a systemd unit, a Kubernetes object. */
export function isMachineFile({ language, words }: Block): boolean {
  return language === "dockerfile" || language === "ini" || words.includes("kubernetes");
}

/**
 * The commands of ours in such a file, as scripts for a page whose `ROOT` stands for the machine's `/`. Throws for a file
 * that the other program would not read.
 */
export function commandsIn(block: Block): readonly string[] {
  return (READERS[block.language] ?? inKubernetes)(block)
    .filter((script) => script.includes("git-model pull"))
    .map(onThisMachine);
}

const READERS: Readonly<Record<string, (block: Block) => readonly string[]>> = {
  dockerfile: inDockerfile,
  ini: inUnit,
};

/** Paths of the machine, but for its programs, lie below `ROOT`; a loop that waits a minute has shown enough. */
function onThisMachine(script: string): string {
  const moved = script
    .replaceAll("/usr/local/bin/", "")
    .replace(/(^|[\s="'])(\/(?:srv|run|var|models)\b)/g, '$1"$ROOT"$2')
    .replace(/while sleep \d+; do (.*); done/s, "$1");
  return `( ${moved} )`;
}

const INSTRUCTIONS = /^(FROM|COPY|RUN|ENV|CMD|ENTRYPOINT|WORKDIR|USER|ARG|LABEL|EXPOSE)\s+\S/;

function inDockerfile({ lines }: Block): readonly string[] {
  const instructions = lines
    .join("\n")
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const strange = instructions.filter((line) => !INSTRUCTIONS.test(line));
  if (strange.length > 0) throw new Error(`no instructions of a Dockerfile: ${strange.join("; ")}`);
  return instructions.filter((line) => line.startsWith("RUN ")).map((line) => line.replace(/^RUN\s+(--\S+\s+)*/, ""));
}

/** Directives by section; both have to be what systemd knows, or at least look it. */
function inUnit({ words, lines }: Block): readonly string[] {
  const name = words.find((word) => word.startsWith("unit=")) ?? "";
  const kind = /\.(service|timer)$/.exec(name)?.[1];
  const settings: (readonly [section: string, key: string, value: string])[] = [];
  let section = "";
  for (const line of lines.filter((text) => text.trim() !== "")) {
    const opened = /^\[(Unit|Service|Timer|Install)\]$/.exec(line)?.[1];
    const [, key, value] = /^([A-Z][A-Za-z]+)=(\S.*)$/.exec(line) ?? [];
    if (opened !== undefined) section = opened;
    else if (key !== undefined && value !== undefined && section !== "") settings.push([section, key, value]);
    else throw new Error(`no line of a unit: ${line}`);
  }
  const wanted = kind === "service" ? "ExecStart" : "OnBootSec";
  if (kind === undefined || !settings.some(([, key]) => key === wanted)) throw new Error(`${name} has no ${wanted}`);
  const valuesOf = (key: string) => settings.filter((one) => one[1] === key).map(([, , value]) => value);
  const environment = valuesOf("Environment").map((assignment) => `export ${assignment}`);
  return valuesOf("ExecStart").map((command) => [...environment, command].join("\n"));
}

interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly { readonly name: string }[];
}

interface PodTemplate {
  readonly volumes: readonly { readonly name: string }[];
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
}

function inKubernetes({ lines }: Block): readonly string[] {
  const object = parse(lines.join("\n")) as {
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly spec: { readonly template: { readonly spec: PodTemplate } };
  };
  if (object.apiVersion === undefined || object.kind === undefined) throw new Error("no object of Kubernetes");
  const { volumes, initContainers = [], containers } = object.spec.template.spec;
  const known = new Set(volumes.map(({ name }) => name));
  return [...initContainers, ...containers].map(({ name, image, command = [], env = [], volumeMounts = [] }) => {
    const isWhole = name !== undefined && image !== undefined && volumeMounts.every((mount) => known.has(mount.name));
    if (!isWhole) throw new Error(`the container ${name} has no image, or mounts what is no volume`);
    const variables = env.flatMap(({ name: variable, value }) =>
      value === undefined ? [] : [`export ${variable}=${value}`],
    );
    const [program, flag, script] = command;
    const words = program === "sh" && flag === "-c" ? (script ?? "") : command.join(" ");
    return [...variables, words].join("\n");
  });
}
