/** The README of a fresh registry: what this repository is, for somebody who meets it for the first time. */
export function writeRegistryReadme(name: string, stages: readonly string[]): string {
  const first = stages[0] ?? "staging";
  return `# ${name}

A model registry kept by [git-model](https://github.com/git-model/git-model). Versions are tags, stages are branches, the
rules are in \`registry.yaml\`.

| to | type |
|---|---|
| see what there is | \`git model list\` |
| register a version | \`git model register fraud model.onnx --metrics metrics.json\` |
| bring it to a stage | \`git model promote fraud --to ${first}\` |
| get the bytes | \`git model pull fraud@${stages.at(-1) ?? first} -o ./model\` |

Without git-model: \`git tag -l '*@v*'\` lists the versions, \`git clone -b stage/${first}\` with Git LFS gives the models
of that stage.
`;
}
