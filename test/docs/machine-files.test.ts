import { expect, test } from "vitest";
import { commandsIn } from "./machine-files.ts";
import type { Block } from "./markdown-blocks.ts";

function block(language: string, words: readonly string[], text: string): Block {
  return { page: "page.md", line: 1, language, words, lines: text.split("\n") };
}

test("the commands in a Dockerfile, a unit and a Kubernetes object are run, below a root of their own", () => {
  const dockerfile =
    "FROM a\nRUN --mount=type=secret,id=t \\\n    T=$(cat /run/secrets/t) git-model pull m -o /srv/m\nRUN true";
  expect(commandsIn(block("dockerfile", [], dockerfile))).toEqual([
    '( T=$(cat "$ROOT"/run/secrets/t) git-model pull m -o "$ROOT"/srv/m )',
  ]);
  const unit = "[Service]\nEnvironment=A=/var/a\nExecStart=/usr/local/bin/git-model pull m --link /srv/m";
  expect(commandsIn(block("ini", ["unit=m.service"], unit))).toEqual([
    '( export A="$ROOT"/var/a\ngit-model pull m --link "$ROOT"/srv/m )',
  ]);
  const command = "[sh, -c, 'while sleep 60; do git-model pull m --link /models/m; done']";
  expect(commandsIn(block("yaml", ["kubernetes"], deployment(`command: ${command}, image: a`)))).toEqual([
    '( git-model pull m --link "$ROOT"/models/m )',
  ]);
});

test("what the other program would not read is caught", () => {
  expect(() => commandsIn(block("dockerfile", [], "FORM a"))).toThrow("FORM a");
  expect(() => commandsIn(block("ini", ["unit=a.service"], "[Servize]\nExecStart=/bin/true"))).toThrow("[Servize]");
  expect(() => commandsIn(block("ini", ["unit=a.timer"], "[Timer]\nPersistent=true"))).toThrow("OnBootSec");
  expect(() => commandsIn(block("yaml", ["kubernetes"], deployment("command: [a]")))).toThrow("image");
  expect(() => commandsIn(block("yaml", ["kubernetes"], deployment("image: a, volumeMounts: [{ name: b }]")))).toThrow(
    "no volume",
  );
});

function deployment(container: string): string {
  const spec = `{ volumes: [{ name: models }], containers: [{ name: m, ${container} }] }`;
  return `apiVersion: apps/v1\nkind: Deployment\nspec: { template: { spec: ${spec} } }`;
}
