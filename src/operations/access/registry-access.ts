import type { PullAnswer, ResolveAnswer } from "../answers.ts";
import type { RegistryContext } from "../context.ts";
import type { PullQuestion, ReadQuestion, ResolveQuestion } from "../questions.ts";

/** How operations come to the registry that they are about: in place, or by URL. */
export interface RegistryAccess {
  /** For what fetches by itself as far as it needs to. */
  forChange(): Promise<RegistryContext>;
  /** For reads. */
  read<Question extends ReadQuestion, Answer>(
    question: Question,
    answer: (context: RegistryContext, question: Question) => Promise<Answer>,
  ): Promise<Answer>;
  pull(question: PullQuestion): Promise<PullAnswer>;
  resolve(question: ResolveQuestion): Promise<ResolveAnswer>;
  /** For what neither fetches nor fails, like completion. */
  atHand(): Promise<RegistryContext>;
  /** Throws `usage` where nothing may stay here that is not published. */
  requireDrafts(): void;
  close(): Promise<void>;
}
