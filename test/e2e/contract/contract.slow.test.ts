import { describe } from "vitest";
import { describeContract } from "./contract-suite.ts";

describe("every command line of CLI.md on native Git", () => describeContract("native"));
