import { test } from "vitest";
import { sixPromotions } from "./promote-races.ts";

test("six models by six people on one remote, through native git: all are released", () => sixPromotions("native"));
