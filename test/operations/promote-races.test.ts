import { describe, expect, test } from "vitest";
import { ADAPTERS, testRegistry } from "../support/registry.ts";
import { promoteDirectly, registerVersions } from "../support/stage-story.ts";
import { sixPromotions } from "./promote-races.ts";

test("six models by six people on one remote, through embedded git: all are released", () => sixPromotions("embedded"));

describe.each(ADAPTERS)("promoting at the same time, through %s git", (adapter) => {
  test("one model by three people: one wins, and the others are told who", async () => {
    const first = await testRegistry({ adapter, remote: true });
    const versions = ["1.0.0", "1.1.0", "1.2.0"];
    await registerVersions(first, "fraud", versions);
    const named = (name: string) => first.clone({ environment: { GIT_AUTHOR_NAME: name, GIT_COMMITTER_NAME: name } });
    const people = await Promise.all(["Grace One", "Grace Two", "Grace Three"].map(named));
    const results = await Promise.allSettled(
      people.map((one, index) => promoteDirectly(one, "staging", `fraud@${versions[index]}`)),
    );
    const won = results.findIndex(({ status }) => status === "fulfilled");
    const winner = ["Grace One", "Grace Two", "Grace Three"][won];
    const lost = results.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(lost).toHaveLength(2);
    for (const error of lost) {
      expect(error).toMatchObject({
        ...{ code: "stage-moved", retryable: true, hint: "git model history fraud --stage staging" },
        message: `${winner} moved staging meanwhile: it holds ${versions[won]} of fraud now`,
      });
    }
    expect(await first.server?.git("rev-list", "--count", "stage/staging")).toBe("2");
  });
});
