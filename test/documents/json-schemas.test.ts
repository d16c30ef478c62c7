import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { jsonSchemaFiles } from "../../scripts/json-schemas.ts";
import { newPolicy } from "../../src/documents/policy.ts";
import { MANIFEST_EXAMPLE, POLICY_EXAMPLE } from "./examples.ts";

const ajv = new Ajv2020({ strict: true, strictTypes: false });
const files = jsonSchemaFiles();
const validators = new Map(files.map(({ path, text }) => [path, ajv.compile(JSON.parse(text))]));

function accepts(kind: string, text: string): boolean {
  return validators.get(`schemas/${kind}.schema.json`)?.(parse(text)) === true;
}

describe("the JSON Schemas", () => {
  test.each(files)("$path is what scripts/build-schemas.mjs writes", ({ path, text }) => {
    expect(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")).toBe(text);
  });

  test("accept the documented examples", () => {
    expect(accepts("manifest", MANIFEST_EXAMPLE)).toBe(true);
    expect(accepts("registry", POLICY_EXAMPLE)).toBe(true);
    expect(accepts("registry", newPolicy({ name: "acme", stages: [] }))).toBe(true);
    expect(accepts("registry", "schemaVersion: 1\nstages:\n  production:\n")).toBe(true);
  });

  test("refuse what the program refuses: unknown keys, text for numbers, another schemaVersion", () => {
    expect(accepts("manifest", MANIFEST_EXAMPLE.replace("title:", "titel:"))).toBe(false);
    expect(accepts("manifest", MANIFEST_EXAMPLE.replace("0.9312", '"0.9312"'))).toBe(false);
    expect(accepts("manifest", MANIFEST_EXAMPLE.replace("schemaVersion: 1", "schemaVersion: 2"))).toBe(false);
    expect(accepts("registry", POLICY_EXAMPLE.replace("severity: warn", "severity: warning"))).toBe(false);
  });

  test("describe each top-level key", () => {
    for (const { text } of files) {
      const { properties } = JSON.parse(text) as { properties: Record<string, { description?: string }> };
      for (const property of Object.values(properties)) expect(property.description).toBeTruthy();
    }
  });
});
