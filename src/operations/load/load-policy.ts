import { readPolicy } from "../../documents/policy.ts";
import { type Finding, finding } from "../../domain/finding.ts";
import type { ObjectId } from "../../domain/object-id.ts";
import { POLICY_LIMIT, type Policy, type StagePolicy, stageNames, stagePolicy } from "../../domain/policy/policy.ts";
import { parseStageName, type StageName } from "../../domain/policy/stage.ts";
import { RegistryError } from "../../errors.ts";
import type { RegistryContext } from "../context.ts";
import type { LoadedPolicy, PolicyState } from "./policy-state.ts";
import { branchOf, branchRef } from "./ref-names.ts";
import { entryAt, readCommit } from "./trees.ts";

export const POLICY_FILE = "registry.yaml";

export type { LoadedPolicy, PolicyState } from "./policy-state.ts";

/**
 * The default branch (DETAILS 10): what the remote's HEAD names, else `git-model.defaultBranch`, else `main`.
 * Never the checked-out branch.
 */
export async function defaultBranch(context: RegistryContext): Promise<string> {
  const { git, remote } = context;
  if (remote !== null) {
    const head = await git.readSymbolicRef(`refs/remotes/${remote.name}/HEAD`);
    const branch = head === null ? null : branchOf(context, head);
    if (branch !== null) return branch;
  }
  return (await git.config("git-model.defaultBranch")) ?? "main";
}

/** Tip of the default branch, or null while it is unborn. */
export async function defaultTip(context: RegistryContext): Promise<ObjectId | null> {
  return context.git.readRef(branchRef(context, await defaultBranch(context)));
}

export async function loadPolicy(context: RegistryContext): Promise<PolicyState> {
  const branch = await defaultBranch(context);
  const tip = await context.git.readRef(branchRef(context, branch));
  if (tip === null) return { kind: "missing", branch };
  const entry = await entryAt(context.git, (await readCommit(context.git, tip)).tree, POLICY_FILE);
  if (entry === null || entry.mode === "40000") return { kind: "missing", branch };
  const [object] = await context.git.readObjects([entry.id], { limit: POLICY_LIMIT });
  if (object?.kind !== "blob") {
    const message = object?.kind === "too-large" ? `has more than ${POLICY_LIMIT} bytes` : "cannot be read";
    return invalid(branch, entry.id, [finding("policy-invalid", `${POLICY_FILE} ${message}`, { file: POLICY_FILE })]);
  }
  const read = readPolicy(object.bytes);
  return read.ok
    ? { kind: "valid", policy: read.policy, id: entry.id, branch }
    : invalid(branch, entry.id, read.findings);
}

/** The policy, for commands that write nothing without one: `policy-missing`, `policy-invalid`. */
export async function requirePolicy(context: RegistryContext): Promise<LoadedPolicy> {
  const state = await loadPolicy(context);
  if (state.kind === "valid") return state;
  if (state.kind === "invalid") {
    throw new RegistryError("policy-invalid", `${POLICY_FILE} on ${state.branch} is not valid`, {
      findings: state.findings,
      hint: `mend it on ${state.branch}: git model validate names every mistake`,
    });
  }
  throw policyMissing(context, state.branch);
}

/**
 * The policy for reads, register, evaluate and yank: an invalid or missing one is a warning (DETAILS 14). It is read once
 * an operation, and again after a fetch.
 */
export async function policyOrWarn(context: RegistryContext): Promise<LoadedPolicy | null> {
  context.memory.policy ??= loadPolicy(context);
  const state = await context.memory.policy;
  if (state.kind === "valid") return state;
  const what = state.kind === "invalid" ? `${POLICY_FILE} on ${state.branch} is not valid` : noPolicy(context, state);
  context.reporter.warn(
    finding(`policy-${state.kind}`, `${what}, so no stage, direction or score is known from it`, {
      severity: "warning",
      hint: state.kind === "invalid" ? "git model validate" : "git model init",
      file: POLICY_FILE,
    }),
  );
  return null;
}

/** A declared stage, checked; `stage-unknown` names the ones there are. */
export function requireStage(policy: Policy, text: string): { readonly stage: StageName; readonly rules: StagePolicy } {
  const parsed = parseStageName(text);
  const rules = parsed.ok ? stagePolicy(policy, parsed.value) : null;
  if (parsed.ok && rules !== null) return { stage: parsed.value, rules };
  const known = stageNames(policy).join(", ");
  throw new RegistryError("stage-unknown", `there is no stage ${JSON.stringify(text.slice(0, 60))}`, {
    hint: known === "" ? `declare it in ${POLICY_FILE}` : `the stages are ${known}`,
  });
}

function invalid(branch: string, id: ObjectId, findings: readonly Finding[]): PolicyState {
  return { kind: "invalid", branch, id, findings };
}

function noPolicy({ remote }: RegistryContext, { branch }: Pick<PolicyState, "branch">): string {
  return `there is no ${POLICY_FILE} on ${remote === null ? branch : `${remote.name}/${branch}`}`;
}

function policyMissing(context: RegistryContext, branch: string): RegistryError {
  const { remote } = context;
  return new RegistryError("policy-missing", noPolicy(context, { branch }), {
    hint: remote === null ? "git model init" : `git model init, or git push ${remote.name} ${branch}`,
  });
}
