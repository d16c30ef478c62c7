import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { directionOf, usualDirections } from "../../../src/domain/metric/direction.ts";
import { parseSliceKey } from "../../../src/domain/metric/measured.ts";
import { compareBytes, metricIn, metricValue, parseMetricKey } from "../../../src/domain/metric/metric.ts";
import { hasControls, instant, mapOf, text } from "../../../src/domain/metric/schema.ts";
import { accepted, refused } from "../../../src/domain/parsed.ts";
import { d } from "../builders.ts";

describe("parseMetricKey", () => {
  it.each(["f1", "_x", "0", "val.loss", "p@5", "a/b:c%-d", "a".repeat(128), "toString"])("takes %s", (key) => {
    expect(parseMetricKey(key).ok).toBe(true);
  });

  it.each([
    "",
    "-a",
    ".a",
    "a b",
    "ä",
    "a=b",
    "a,b",
    "a\n",
    "a".repeat(129),
    "__proto__",
    "constructor",
    "prototype",
    "score",
    "аccuracy",
  ])("refuses %j", (key) => {
    expect(parseMetricKey(key).ok).toBe(false);
  });

  it("keeps score for the registry, but not among parameters", () => {
    expect(parseMetricKey("score")).toMatchObject({ ok: false, hint: "name it model_score" });
    expect(parseMetricKey("score", "parameter").ok).toBe(true);
  });

  it("proposes only spellings that are allowed", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("-score", "-__proto__", ".constructor", " score"),
    );
    fc.assert(
      fc.property(text, (key) => {
        const parsed = parseMetricKey(key);
        if (parsed.ok || parsed.hint === null) return;
        expect(parseMetricKey(parsed.hint.replace(/^name it /, "")).ok).toBe(true);
      }),
    );
  });
});

describe("metric values", () => {
  it("are read plain or with their sample size", () => {
    expect(metricValue(d("0.5")).text).toBe("0.5");
    expect(metricValue({ value: d("0.50"), n: 10 }).text).toBe("0.50");
    expect(metricIn({ f1: { value: d("0.50") } }, "f1")?.text).toBe("0.50");
    expect(metricIn({}, "toString")).toBeNull();
  });
});

describe("compareBytes", () => {
  it("orders as the UTF-8 bytes do", () => {
    const word = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
    );
    expect(compareBytes("\u{1f600}", "\uffee")).toBeGreaterThan(0);
  });
});

describe("directionOf", () => {
  it("knows the usual names exactly and guesses no other", () => {
    expect(directionOf("f1", {})).toBe("higher");
    expect(directionOf("latency_p99_ms", {})).toBe("lower");
    expect(directionOf("score", {})).toBe("higher");
    for (const name of ["F1", "f1_macro", "val_f1", "latency_s", "toString", "__proto__"]) {
      expect(directionOf(name, {})).toBeNull();
    }
    expect(usualDirections().size).toBe(19 + 19 + 1);
  });

  it("lets the policy decide", () => {
    expect(directionOf("loss", { loss: { better: "higher" } })).toBe("higher");
    expect(directionOf("data_quality", { data_quality: { better: "lower" } })).toBe("lower");
  });
});

describe("parseSliceKey", () => {
  it.each(["region=EU", "a=1,b=2", "k=", "région=Île", "a=x y"])("takes %s", (key) => {
    expect(parseSliceKey(key)).toEqual({ ok: true, value: key });
  });

  it.each(["", "region", "=EU", "a=1,", ",a=1", "a=1=2", "a=\n1", "a=\u0085", "a=\ud800", `a=${"x".repeat(255)}`])(
    "refuses %j",
    (key) => {
      expect(parseSliceKey(key).ok).toBe(false);
    },
  );

  it("wants the pairs sorted and says how", () => {
    expect(parseSliceKey("b=2,a=1")).toMatchObject({ ok: false, hint: "name it a=1,b=2" });
  });
});

describe("schema blocks", () => {
  it("refuse control characters and halves of characters in text", () => {
    for (const bad of ["a\u0000", "\u001b[31m", "a\rb", "\u0085", "\ud800", "x\udc00"]) {
      expect(text(100).safeParse(bad).success).toBe(false);
      expect(hasControls(bad)).toBe(true);
    }
    expect(text(100).safeParse("two\n\tlines \u{1f600}").success).toBe(true);
    expect(hasControls("two\nlines")).toBe(true);
  });

  it.each(["2026-11-01", "2026-11-01T08:00Z", "2026-11-01T08:00:00Z", "2026-11-01T08:00:00.123+02:00", "2024-02-29"])(
    "take the instant %s",
    (value) => {
      expect(instant().safeParse(value).success).toBe(true);
    },
  );

  it.each([
    "",
    "2026-11-01 (yesterday)",
    "2026-02-31",
    "2026-02-29",
    "2026-13-01",
    "2026-11-01T25:00:00Z",
    "2026-11-01\n",
    "01.11.2026",
    "2026",
  ])("refuse the instant %j", (value) => {
    expect(instant().safeParse(value).success).toBe(false);
  });

  it("tell wrong keys beside wrong values", () => {
    const map = mapOf(z.boolean(), (key) => (key === "no" ? refused("not this key") : accepted(key)));
    const issues = map.safeParse({ no: true, yes: "x" }).error?.issues ?? [];
    expect(issues.map(({ path }) => path.join("."))).toEqual(expect.arrayContaining(["no", "yes"]));
  });
});
