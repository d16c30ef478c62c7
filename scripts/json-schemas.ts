import * as z from "zod";
import { EvaluationSchema } from "../src/domain/model/evaluation.ts";
import { ManifestSchema } from "../src/domain/model/manifest.ts";
import { PolicySchema } from "../src/domain/policy/policy.ts";

const HOME = "https://raw.githubusercontent.com/git-model/git-model/main/schemas";

/** A JSON Schema for editors and other programs, with its place in the repository. */
export interface SchemaFile {
  /** `schemas/manifest.schema.json` */
  readonly path: string;
  /** JSON with 2 spaces and a final newline. */
  readonly text: string;
}

/** The JSON Schemas of the three kinds of document, made from the schemas that the program itself reads with. */
export function jsonSchemaFiles(): readonly SchemaFile[] {
  return [
    schemaFile("manifest", "git-model manifest", ManifestSchema),
    schemaFile("registry", "git-model policy (registry.yaml)", PolicySchema),
    schemaFile("evaluation", "git-model evaluation", EvaluationSchema),
  ];
}

function schemaFile(kind: string, title: string, schema: z.ZodType): SchemaFile {
  const generated = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", override: applyOwnSchema });
  const { $schema, ...rest } = generated;
  const whole = { $schema, $id: `${HOME}/${kind}.schema.json`, title, ...rest };
  return { path: `schemas/${kind}.schema.json`, text: `${JSON.stringify(whole, null, 2)}\n` };
}

/** Numbers are Decimals to the program and numbers to everybody else: their schema travels in the metadata. */
function applyOwnSchema({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: Record<string, unknown>;
}): void {
  const own = z.globalRegistry.get(zodSchema)?.jsonSchema;
  if (typeof own === "object" && own !== null) Object.assign(jsonSchema, own);
  delete jsonSchema.jsonSchema;
}
