import { bundleIfStale } from "./bundle.mjs";

/** Tests that start bin/git-model.js run what src/ says now, not what it said at the last build. */
export async function setup() {
  await bundleIfStale();
}
