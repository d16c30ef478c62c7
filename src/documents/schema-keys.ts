import type * as z from "zod";
import type { TreePath } from "./yaml-tree.ts";

/** The keys that a schema knows at a path, for hints. */
export function keysAt(schema: z.ZodType, path: TreePath): readonly string[] {
  const here = path.reduce<readonly z.core.$ZodType[]>(
    (schemas, step) => schemas.flatMap((one) => inside(one, step)),
    [schema],
  );
  return [...new Set(here.flatMap((one) => unwrapped(one)).flatMap(shapeKeys))];
}

type Definition = z.core.$ZodTypes["_zod"]["def"];

function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def as Definition;
}

function shapeKeys(schema: z.core.$ZodType): readonly string[] {
  const def = definitionOf(schema);
  return def.type === "object" ? Object.keys(def.shape) : [];
}

function inside(schema: z.core.$ZodType, step: string | number): readonly z.core.$ZodType[] {
  return unwrapped(schema).flatMap((one) => {
    const def = definitionOf(one);
    if (def.type === "object")
      return def.shape[String(step)] === undefined ? [] : [def.shape[String(step)] as z.core.$ZodType];
    if (def.type === "record") return [def.valueType];
    return def.type === "array" ? [def.element] : [];
  });
}

/** The schema without optional, default, preprocess and union around it. */
function unwrapped(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const def = definitionOf(schema);
  switch (def.type) {
    case "optional":
    case "default":
    case "nullable":
      return unwrapped(def.innerType);
    case "pipe":
      return [...unwrapped(def.in), ...unwrapped(def.out)];
    case "union":
      return def.options.flatMap((one) => unwrapped(one));
    default:
      return [schema];
  }
}
