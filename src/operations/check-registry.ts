import type { CheckAnswer } from "./answers.ts";
import { checkArtifacts } from "./check/check-artifacts.ts";
import { checkEvaluations } from "./check/check-evaluations.ts";
import { checkNames } from "./check/check-names.ts";
import { checkPolicy, checkPolicyDrift } from "./check/check-policy.ts";
import { checkReleases } from "./check/check-releases.ts";
import { askRemoteTags, checkRemoteTags, publishedTags } from "./check/check-remote.ts";
import { checkStages, heldOnStages } from "./check/check-stages.ts";
import { checkVersions } from "./check/check-versions.ts";
import { mendClone } from "./check/mend-clone.ts";
import { checkRememberedTags } from "./check/remembered-tags.ts";
import { surveyRegistry, withoutTwins } from "./check/survey.ts";
import type { RegistryContext } from "./context.ts";
import type { DoctorQuestion } from "./questions.ts";

/**
 * `doctor`: names every kind of damage that a registry can have (DETAILS 33). Reads what is local, and asks the remote
 * which tags and artifacts it has; changes nothing without `fix`, which mends what needs no guess and says so in
 * `fixed`. `checked.files` counts the documents read: policy, manifests and evaluations.
 */
export async function checkRegistry(context: RegistryContext, question: DoctorQuestion = {}): Promise<CheckAnswer> {
  const fix = question.fix === true;
  const mended = fix ? await mendClone(context) : { fixed: [], findings: [] };
  const survey = await surveyRegistry(context);
  const held = await heldOnStages(context, survey);
  const evaluations = await checkEvaluations(context, survey);
  const stages = await checkStages(context, survey, held);
  const remembered = await checkRememberedTags(context, survey, [...evaluations.memories, ...stages.memories]);
  const advertised = await askRemoteTags(context);
  const artifacts = await checkArtifacts(context, survey, { fix, published: publishedTags(survey, advertised) });
  const findings = [
    ...checkPolicy(survey.state),
    ...(await checkVersions(context, survey)),
    ...remembered.findings,
    ...checkRemoteTags(context, survey, advertised),
    ...artifacts.findings,
    ...stages.findings,
    ...checkReleases(context, survey, remembered.explained),
    ...(await checkPolicyDrift(context, survey, held)),
    ...evaluations.findings,
    ...checkNames(context, survey),
    ...mended.findings,
  ];
  const manifests = survey.versions.filter(({ manifest }) => manifest !== null).length;
  return {
    checked: {
      versions: survey.versions.length,
      stages: survey.stages.length,
      releases: survey.releases.length,
      files: manifests + evaluations.files + (survey.state.kind === "missing" ? 0 : 1),
    },
    findings: withoutTwins(findings),
    fixed: [...mended.fixed, ...artifacts.fixed],
  };
}
