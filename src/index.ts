/**
 * git-model as a library: `openRegistry` gives every operation of the command line as a typed function with the same
 * answer. `initRegistry` makes a registry.
 */
export { initRegistry, openRegistry } from "./compose.ts";
export type { Finding, FindingCode } from "./domain/finding.ts";
export { Decimal } from "./domain/metric/decimal.ts";
export { type ErrorCode, exitCodeOf, RegistryError } from "./errors.ts";
export type * from "./operations/answers.ts";
export type * from "./operations/questions.ts";
export type { Registry, RegistryOptions } from "./operations/registry.ts";
export type { Progress, Reporter } from "./ports/reporter.ts";
