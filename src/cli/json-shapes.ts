import type { JsonShape } from "./json.ts";

/** The key orders of CLI.md "JSON", line by line. */

const V = "model version tag commit tree";

const VERSION = shape(V);
const GATE = shape("rule metric slice verdict severity observed champion limit measured source", {
  measured: shape("from at by"),
});
const NEED = shape("rule stage verdict since until");
const FINDING = shape("code severity message hint file line column ref");
const EVENT = shape("at actor kind model version previous stage number tag commit", { actor: shape("name email") });

const JUDGED = { gates: GATE, needs: NEED, findings: FINDING };
const PROMOTION_KEYS =
  "kind change model from to stage branch number url created passed head base tag policy gates needs findings";
const PROMOTION = shape(PROMOTION_KEYS, JUDGED);

const DIFF = shape("from to comparable metrics params artifacts data signature", {
  from: VERSION,
  to: VERSION,
  metrics: shape("name slice from to change relative verdict"),
  params: shape("name from to"),
  artifacts: shape("path from to"),
});
const CHECKED = shape("checked findings fixed", {
  checked: shape("versions stages releases files"),
  findings: FINDING,
});

export const SHAPES = {
  init: shape("name registry created existing stages next"),
  register: shape(`${V} created published pushed artifacts promotion`, {
    artifacts: shape("path role format sha256 size uploaded"),
    promotion: PROMOTION,
  }),
  list: shape("fetchedAt models", { models: shape("model latest versions stages updatedAt") }),
  listVersions: shape("fetchedAt model versions", {
    versions: shape(`${V} createdAt author published yanked prerelease score metrics labels stages`),
  }),
  show: shape(`${V} createdAt author published yanked manifest stages releases evaluations fetchedAt`, {
    yanked: shape("reason at"),
    releases: shape("stage number tag at until"),
    evaluations: shape("at kind evaluation metrics"),
  }),
  resolve: shape(`${V} stage yanked artifacts fetchedAt`, { artifacts: shape("path sha256 size role") }),
  diff: { ...DIFF, keys: [...DIFF.keys, "fetchedAt"] },
  compare: shape("versions metrics fetchedAt", {
    versions: shape(`${V} score metrics comparable`),
    metrics: shape("name better values best"),
  }),
  best: shape(`${V} by value considered skipped fetchedAt`, { skipped: shape("version reason") }),
  promotion: PROMOTION,
  promotions: shape("promotions", { promotions: PROMOTION }),
  history: shape("events fetchedAt", { events: EVENT }),
  yank: shape(`${V} reason created`),
  discard: shape(`${V} discarded`),
  evaluate: shape(`${V} created gates passed`, { gates: GATE }),
  requests: shape("promotions", {
    promotions: shape("model stage from to change branch number url status draft"),
  }),
  request: shape(`${PROMOTION_KEYS} status report`, JUDGED),
  review: shape("verdict change model from to stage head base mergeBase policy gates needs findings diff report", {
    ...JUDGED,
    diff: DIFF,
  }),
  reconcile: shape("created reviewed findings", {
    created: EVENT,
    reviewed: shape("number verdict"),
    findings: FINDING,
  }),
  check: CHECKED,
  pull: shape("models", {
    models: shape(`${V} requested used fallback path changed files`, { files: shape("path role sha256 size source") }),
  }),
  fetch: shape("remote updated findings", { updated: shape("ref from to"), findings: FINDING }),
  push: shape("remote pushed adopted rejected", { rejected: shape("tag code") }),
  error: shape("error", { error: shape("code message hint retryable", { findings: FINDING }) }),
  /** Help, completion and the like: one text under a name. */
  text: shape(""),
} as const;

function shape(keys: string, inner: Readonly<Record<string, JsonShape>> = {}): JsonShape {
  return { keys: keys === "" ? [] : keys.split(" "), inner };
}
