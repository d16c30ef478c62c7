import { RegistryError } from "../../errors.ts";
import type { RegistryContext } from "../context.ts";
import { requirePolicy, requireStage } from "../load/load-policy.ts";
import { requireModelName } from "../load/resolve-reference.ts";
import { loadOpenRequests, type OpenRequest } from "./request-branches.ts";

/** The open request of a model and a stage; `not-found` where there is none. */
export async function findRequest(
  context: RegistryContext,
  asked: { readonly model: string; readonly stage: string },
): Promise<OpenRequest> {
  const model = requireModelName(asked.model);
  const { stage } = requireStage((await requirePolicy(context)).policy, asked.stage);
  const request = (await loadOpenRequests(context)).find((one) => one.model === model && one.stage === stage);
  if (request !== undefined) return request;
  throw new RegistryError("not-found", `no request is open for ${model} on ${stage}`, {
    hint: `git model pr list, or git model promote ${model} --to ${stage}`,
  });
}
