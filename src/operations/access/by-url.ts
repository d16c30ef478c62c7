import { RegistryError } from "../../errors.ts";
import { beginOperation } from "../begin-operation.ts";
import type { Mirrors, RegistryContext } from "../context.ts";
import type { ReadQuestion } from "../questions.ts";
import { bringAll, freshen, mended } from "./freshen.ts";
import type { RegistryAccess } from "./registry-access.ts";
import { requireRegistry } from "./require-registry.ts";

/**
 * A registry that was named by a URL, through its mirrors in the cache (docs/adr/0040). A read asks the registry for news
 * first; a mirror that turns out to be damaged while it is read is made anew, and read again.
 */
export function accessByUrl(mirrors: Mirrors): RegistryAccess {
  const whole = async () => beginOperation(await mirrors.whole());
  return {
    async forChange() {
      return mended({ mirrors, context: await whole() }, async (context) => {
        await requireRegistry(context);
        return context;
      });
    },
    async read<Question extends ReadQuestion, Answer>(
      question: Question,
      answer: (context: RegistryContext, question: Question) => Promise<Answer>,
    ): Promise<Answer> {
      const { fetch = false, offline = false } = question;
      const begun = { mirrors, context: await whole() };
      const context = fetch ? await bringAll(begun) : (await freshen(begun, { offline })).context;
      // It is fresh, or as fresh as it can be.
      const asked = { ...question, fetch: false };
      return mended({ mirrors, context }, async (there) => {
        await requireRegistry(there, { asked: true });
        return answer(there, asked);
      });
    },
    pull: (question) => pullByUrl(mirrors, question),
    resolve: (question) => resolveByUrl(mirrors, question),
    atHand: whole,
    requireDrafts: refuseDrafts,
    close: () => mirrors.close(),
  };
}

const pullByUrl = async (mirrors: Mirrors, question: Parameters<RegistryAccess["pull"]>[0]) => {
  const [{ pullArtifacts }, { findByUrl }] = await Promise.all([
    import("../pull-artifacts.ts"),
    import("../pull/find-by-url.ts"),
  ]);
  const narrow = beginOperation(await mirrors.narrow());
  return pullArtifacts(narrow, question, async (_, { offline }) => findByUrl({ mirrors, narrow, offline }));
};

const resolveByUrl = async (mirrors: Mirrors, question: Parameters<RegistryAccess["resolve"]>[0]) => {
  const [{ resolveVersion }, { findByUrl }] = await Promise.all([
    import("../resolve-version.ts"),
    import("../pull/find-by-url.ts"),
  ]);
  const { offline = false, fetch = false, reference } = question;
  const found = await findByUrl({ mirrors, narrow: beginOperation(await mirrors.narrow()), offline })(reference);
  if (fetch && found.stale !== null) throw found.stale;
  const answer = await resolveVersion(found.context, { reference: found.reference });
  return { ...answer, stage: found.stage ?? answer.stage };
};

function refuseDrafts(): never {
  throw new RegistryError("usage", "a registry named by a URL has no drafts: its mirror in the cache is disposable", {
    hint: "clone it, and name the clone",
  });
}
