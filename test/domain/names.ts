import fc from "fast-check";
import { type ModelName, parseModelName } from "../../src/domain/model/model-name.ts";
import { parseVersion, type Version } from "../../src/domain/model/version.ts";
import { parseStageName, type StageName } from "../../src/domain/policy/stage.ts";

/** Arbitrary names that are allowed. */
const segment = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,12}[A-Za-z0-9])?$/);

export const modelName = fc
  .array(segment, { minLength: 1, maxLength: 3 })
  .map((segments) => segments.join("/"))
  .filter((name): name is ModelName => parseModelName(name).ok);

export const stageName = fc
  .stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/)
  .filter((name): name is StageName => parseStageName(name).ok);

const part = fc.oneof(fc.nat({ max: 20 }), fc.maxSafeNat());
const pre = fc
  .array(fc.oneof(fc.nat({ max: 30 }).map(String), fc.constantFrom("rc", "beta", "x-y", "-", "0a")), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => `-${parts.join(".")}`);

export const anyVersion = fc
  .tuple(part, part, part, fc.option(pre, { nil: "" }))
  .map(([major, minor, patch, tail]) => `${major}.${minor}.${patch}${tail}`)
  .filter((text): text is Version => parseVersion(text).ok);
