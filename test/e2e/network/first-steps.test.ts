import { expect, test } from "vitest";
import { describeWith } from "../../support/oracles.ts";
import { CHOSEN_ADAPTER } from "../../support/registry.ts";
import { publishedRegistry, sha256, stranger } from "./walk.ts";

describeWith(["rudolfs"], "a registry on a server", () => {
  test("is made by its URL, filled, promoted, and read by somebody who knows the URL alone, if he may", async () => {
    const { host, bytes } = await publishedRegistry("http-backend and rudolfs", CHOSEN_ADAPTER);
    const reader = await stranger(host, CHOSEN_ADAPTER);
    const { models } = await reader.model(["pull", "fraud@production", "-o", "serving"]);
    expect(models).toMatchObject([{ version: "1.0.0", files: [{ path: "model.onnx", source: "lfs" }] }]);
    expect(sha256(await reader.read("serving/model.onnx"))).toBe(sha256(bytes));

    const strangeHost = { ...host, config: host.config.filter((line) => !line.startsWith("helper")) };
    const outsider = await stranger(strangeHost, CHOSEN_ADAPTER);
    const { error } = await outsider.model(["pull", "fraud@production", "-o", "serving"], { exit: 3 });
    expect(error).toMatchObject({
      code: "auth-failed",
      retryable: false,
      hint: expect.stringMatching(/login|GIT_MODEL_TOKEN|credential/i),
    });
  });
});
