import { describe, expect, it } from "vitest";
import { parseModelName } from "../../../src/domain/model/model-name.ts";
import type { ObjectId } from "../../../src/domain/object-id.ts";
import { formatReleaseMessage, type Release } from "../../../src/domain/stage/release-message.ts";
import { parsedValue, stage, version } from "../builders.ts";

const release: Release = {
  kind: "release",
  model: parsedValue(parseModelName("fraud")),
  stage: stage("production"),
  version: version("1.3.0"),
  previous: version("1.2.0"),
  stageCommit: "a".repeat(40) as unknown as ObjectId,
  versionTag: "b".repeat(40) as unknown as ObjectId,
};

const REST = `Stage-Commit: ${"a".repeat(40)}\nVersion-Tag: ${"b".repeat(40)}\n`;

describe("a release tag's message", () => {
  it("is the contract's to the letter", () => {
    expect(formatReleaseMessage(release)).toBe(
      `Release fraud 1.3.0 to production\n\nKind: release\nVersion: 1.3.0\nPrevious: 1.2.0\n${REST}`,
    );
    expect(
      formatReleaseMessage({ ...release, kind: "rollback", version: version("1.2.0"), previous: release.version }),
    ).toBe(`Roll back fraud to 1.2.0 on production\n\nKind: rollback\nVersion: 1.2.0\nPrevious: 1.3.0\n${REST}`);
    expect(formatReleaseMessage({ ...release, kind: "demote", previous: release.version })).toBe(
      `Demote fraud 1.3.0 from production\n\nKind: demote\nVersion: 1.3.0\nPrevious: 1.3.0\n${REST}`,
    );
  });

  it("says none and unregistered in words", () => {
    expect(formatReleaseMessage({ ...release, previous: null, stageCommit: null })).toContain(
      "\nPrevious: none\nStage-Commit: none\n",
    );
    expect(formatReleaseMessage({ ...release, previous: "unregistered" })).toContain("\nPrevious: unregistered\n");
  });
});
