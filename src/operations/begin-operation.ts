import type { Finding } from "../domain/finding.ts";
import type { Reporter } from "../ports/reporter.ts";
import type { RegistryContext } from "./context.ts";

/** The context of one operation: what it reads it remembers, and what it warns of it says once. */
export function beginOperation(context: RegistryContext): RegistryContext {
  return { ...context, memory: { policy: null }, reporter: sayingOnce(context.reporter) };
}

function sayingOnce(reporter: Reporter): Reporter {
  const said = new Set<string>();
  const warn = (remark: Finding): void => {
    const text = JSON.stringify(remark);
    if (said.has(text)) return;
    said.add(text);
    reporter.warn(remark);
  };
  return { warn, progress: (label, total) => reporter.progress(label, total) };
}
