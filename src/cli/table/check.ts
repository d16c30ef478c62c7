import type { CommandSpec } from "../command.ts";
import { REF } from "./options.ts";

export const CHECK_COMMANDS: readonly CommandSpec[] = [
  {
    name: "reconcile",
    group: "check",
    summary: "Heal release tags, stage branches and open requests",
    arguments: [],
    options: [],
    examples: [
      { command: "git model reconcile", says: "What CI runs on a schedule" },
      { command: "git model reconcile --json", says: "For a program" },
      { command: "git model reconcile --quiet", says: "Without progress and warnings" },
    ],
  },
  {
    name: "validate",
    group: "check",
    summary: "Check the policy, or manifests and evaluations",
    arguments: [
      { name: "FILE", says: "Files to check; none: registry.yaml", completes: "file", required: false, variadic: true },
    ],
    options: [],
    examples: [
      { command: "git model validate", says: "registry.yaml, before it is committed" },
      { command: "git model validate registry.yaml manifest.yaml", says: "These files" },
      { command: "git model validate --json", says: "For an editor" },
    ],
  },
  {
    name: "doctor",
    group: "check",
    summary: "Look at the whole registry for damage",
    arguments: [],
    options: [{ name: "--fix", says: "Mend what can be mended" }],
    examples: [
      { command: "git model doctor", says: "Versions, stages, releases, files" },
      { command: "git model doctor --fix", says: "And mend what can be mended" },
      { command: "git model doctor --json", says: "For a program" },
    ],
  },
  {
    name: "pull",
    group: "use",
    summary: "Get the files of versions, verified",
    arguments: [{ ...REF, variadic: true }],
    options: [
      { name: "--output", short: "-o", value: "DIR", completes: "folder", says: "Write them here" },
      { name: "--force", says: "With -o: replace what DIR holds" },
      { name: "--link", value: "PATH", completes: "file", says: "Switch this symbolic link to them, atomically" },
      { name: "--role", value: "R", says: "Only files of this role" },
      {
        name: "--fallback",
        value: "REF|PATH",
        completes: "ref",
        repeats: true,
        says: "Use this instead when REF cannot be had; a PATH begins with /, ./ or ../",
      },
      { name: "--offline", says: "Only what was fetched before" },
      { name: "--verify", says: "Hash every byte again" },
      { name: "--print-path", says: "Print the read-only folder in the cache" },
    ],
    examples: [
      { command: "git model pull fraud@production -o model", says: "Into ./model" },
      {
        command: "git model pull fraud@production --link current",
        says: "For a running service: ./current is switched",
      },
      {
        command: "git model pull fraud@production --link current --fallback fraud#production~1 --fallback ./baseline",
        says: "With something to fall back to",
      },
    ],
    notes: [
      "From a registry named by a URL only what the answer needs is fetched, a stage and one version, however many " +
        "versions there are; it is kept in the cache. When the network is down, what was fetched last is used, with a warning.",
    ],
  },
  {
    name: "fetch",
    group: "use",
    summary: "Fetch everything from the remote",
    arguments: [],
    options: [],
    examples: [
      { command: "git model fetch", says: "Versions, stages, evaluations" },
      { command: "git model fetch --quiet", says: "Without progress" },
      { command: "git model fetch --json", says: "For a program" },
    ],
  },
  {
    name: "push",
    group: "use",
    summary: "Publish drafts and whatever the remote lacks",
    arguments: [],
    options: [],
    examples: [
      { command: "git model push", says: "Files first, then versions, stages, releases" },
      { command: "git model push --quiet", says: "Without progress" },
      { command: "git model push --json", says: "For a program" },
    ],
  },
  {
    name: "completion",
    group: "use",
    summary: "Print the completion script of a shell",
    arguments: [{ name: "SHELL", says: "bash, zsh or fish", completes: "shell" }],
    options: [],
    examples: [
      { command: 'eval "$(git-model completion bash)"', says: "In ~/.bashrc" },
      { command: "source <(git-model completion zsh)", says: "In ~/.zshrc, after compinit" },
      { command: "git-model completion fish | source", says: "In config.fish" },
    ],
  },
  {
    name: "help",
    group: "use",
    summary: "Explain git-model, or a command",
    arguments: [{ name: "COMMAND", says: "The command", completes: "command", required: false, variadic: true }],
    options: [],
    examples: [
      { command: "git model help", says: "All commands" },
      { command: "git model help promote", says: "One of them" },
      { command: "git model promote --help", says: "The same" },
    ],
  },
];
