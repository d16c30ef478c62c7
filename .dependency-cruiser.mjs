/**
 * The architecture as failing rules: every arrow points at the domain.
 * CONTRIBUTING.md draws the picture; test/architecture.test.ts plants a violation of each layer and sees it found.
 */

const LAYERS = ["domain", "documents", "ports", "operations", "adapters", "cli", "action"];
const DOMAIN_FOLDERS = ["artifact", "metric", "model", "policy", "stage", "promotion"];
const ROOT_FILES = ["compose", "compose-context", "compose-mirrors", "compose-network", "errors", "index", "registry"];

/** What each layer may import from src/, besides itself and errors.ts. */
const ARROWS = {
  domain: [],
  documents: ["domain"],
  ports: ["domain"],
  operations: ["domain", "documents", "ports"],
  adapters: ["domain", "documents", "ports"],
  cli: ["domain", "documents", "ports", "operations"],
  action: ["domain", "documents", "ports", "operations"],
};

/** The root files that a layer may import, besides errors.ts. */
const ROOT_ARROWS = {
  cli: ["compose", "index", "registry"],
  action: ["compose", "index", "registry"],
};

/** Each outside library has one home. */
const HOMES = {
  "big.js": ["domain/"],
  commander: ["cli/"],
  "isomorphic-git": ["adapters/git/embedded/"],
  semver: ["domain/"],
  undici: ["adapters/http/"],
  yaml: ["documents/"],
  zod: ["domain/", "documents/"],
};

const anyOf = (names) => `(?:${names.map((name) => name.replaceAll(".", "\\.")).join("|")})`;

const layerRules = LAYERS.map((layer) => {
  const files = ["errors", ...(ROOT_ARROWS[layer] ?? [])];
  return {
    name: `${layer}-arrows`,
    comment: `${layer} imports only ${[layer, ...ARROWS[layer], ...files.map((file) => `${file}.ts`)].join(", ")}`,
    severity: "error",
    from: { path: `^src/${layer}/` },
    to: { path: "^src/", pathNot: [`^src/${anyOf([layer, ...ARROWS[layer]])}/`, `^src/${anyOf(files)}\\.ts$`] },
  };
});

const domainRules = DOMAIN_FOLDERS.map((folder, index) => ({
  name: `domain-${folder}-leftwards`,
  comment: `domain/${folder} imports only what stands left of it: ${DOMAIN_FOLDERS.slice(0, index).join(" < ") || "nothing"}`,
  severity: "error",
  from: { path: `^src/domain/${folder}/` },
  to: { path: "^src/domain/[^/]+/", pathNot: `^src/domain/${anyOf(DOMAIN_FOLDERS.slice(0, index + 1))}/` },
}));

const homeRules = Object.entries(HOMES).map(([library, homes]) => ({
  name: `home-of-${library.replace(".", "-")}`,
  comment: `${library} is known to ${homes.join(" and ")} only`,
  severity: "error",
  from: { path: "^src/", pathNot: `^src/${anyOf(homes)}` },
  to: { path: `(?:^|/)node_modules/(?:@types/)?${library.replace(".", "\\.")}/` },
}));

export default {
  forbidden: [
    ...layerRules,
    ...domainRules,
    {
      name: "domain-roots-know-no-folder",
      comment: "the domain's root files are free for every folder, so they import none",
      severity: "error",
      from: { path: "^src/domain/[^/]+\\.ts$" },
      to: { path: "^src/domain/[^/]+/" },
    },
    {
      name: "errors-know-the-domain-only",
      severity: "error",
      from: { path: "^src/errors\\.ts$" },
      to: { path: "^src/", pathNot: "^src/domain/" },
    },
    {
      name: "registry-is-an-interface-over-operations",
      severity: "error",
      from: { path: "^src/registry\\.ts$" },
      to: { path: "^src/", pathNot: `^src/(?:${anyOf(["domain", "ports", "operations"])}/|errors\\.ts$)` },
    },
    {
      name: "nobody-imports-an-edge",
      comment: "cli/ and action/ are edges: bin/ and action.yml start them, nothing else knows them",
      severity: "error",
      from: { path: "^(?:src|bin|scripts|bench)/", pathNot: "^src/(?:cli|action)/|^bin/" },
      to: { path: "^src/(?:cli|action)/" },
    },
    {
      name: "compose-is-for-edges",
      comment: "compose.ts is the only file that knows ports and adapters together; edges and the public API call it",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(?:cli|action)/|^src/index\\.ts$" },
      to: { path: "^src/compose\\.ts$" },
    },
    {
      name: "compose-has-parts",
      comment: "compose-*.ts are parts of compose.ts, and nobody else's",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/compose(?:\\.|-)" },
      to: { path: "^src/compose-[a-z]+\\.ts$" },
    },
    {
      name: "git-adapters-are-strangers",
      comment:
        "native and embedded implement one port each on its own; what they share stands beside them in adapters/git/",
      severity: "error",
      from: { path: "^src/adapters/git/(native|embedded)/" },
      to: { path: "^src/adapters/git/(?:native|embedded)/", pathNot: "^src/adapters/git/$1/" },
    },
    {
      name: "known-rooms-only",
      comment: "a new layer, root file or domain folder is an architecture decision: name it here first",
      severity: "error",
      from: {},
      to: {
        path: "^src/",
        pathNot: [
          `^src/${anyOf(LAYERS.filter((layer) => layer !== "domain"))}/`,
          `^src/domain/(?:${anyOf(DOMAIN_FOLDERS)}/|[^/]+$)`,
          `^src/${anyOf(ROOT_FILES)}\\.ts$`,
        ],
      },
    },
    {
      name: "node-is-for-adapters-and-edges",
      comment: "the domain, documents, ports and operations do no I/O: they are handed what they need",
      severity: "error",
      from: { path: "^src/(?:domain|documents|ports|operations)/|^src/(?:errors|registry|index)\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    ...homeRules,
    {
      name: "libraries-have-a-home",
      comment: "an outside library that has no home in this file is not a decision yet: docs/adr/0001",
      severity: "error",
      from: { path: "^src/" },
      to: {
        path: "node_modules/",
        pathNot: `(?:^|/)node_modules/(?:@types/)?${anyOf([...Object.keys(HOMES), "node"])}/`,
      },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: { path: "^src/" },
      to: { circular: true },
    },
    {
      name: "no-orphans",
      comment: "a file that nobody imports and that imports nobody is dead",
      severity: "error",
      from: { orphan: true, path: "^src/", pathNot: "^src/(?:index\\.ts|cli/main\\.ts|action/main\\.ts)$|\\.d\\.ts$" },
      to: {},
    },
    {
      name: "everything-resolves",
      severity: "error",
      from: { path: "^src/" },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types", "default"] },
  },
};
