import type { Decimal } from "../domain/metric/decimal.ts";

/** How numbers are shown to people, on a terminal and in reports alike: their own precision, sign and unit. */

/** `52.4 ms`, `0.9312` */
export function formatMetric(value: Decimal, unit: string | null): string {
  return withUnit(value.text, unit);
}

/** A change with its sign: `+12.3 ms`, `-0.0041`; `=` for none. */
export function formatChange(change: Decimal, unit: string | null): string {
  if (change.isZero) return "=";
  return withUnit(change.text.startsWith("-") ? change.text : `+${change.text}`, unit);
}

/** A relative change as a signed percentage: `+31 %`, `-0.4 %`. */
export function formatPercent(relative: number): string {
  const percent = relative * 100;
  const size = Math.abs(percent);
  const sign = percent < 0 ? "-" : "+";
  if (size >= 1_000_000) return `${sign}${size.toExponential(1)} %`;
  if (size !== 0 && size < 0.05) return `${sign}<0.1 %`;
  return `${sign}${size < 10 ? trimmed(size.toFixed(1)) : size.toFixed(0)} %`;
}

/** `1.2 GB`, `3.2 kB`, `812 B`: powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let size = bytes;
  let at = 0;
  while (size >= 999.5 && at < units.length - 1) {
    size /= 1000;
    at += 1;
  }
  const digits = at === 0 || size >= 99.95 ? size.toFixed(0) : size.toFixed(1);
  return `${digits} ${units[at]}`;
}

function withUnit(text: string, unit: string | null): string {
  return unit === null || unit === "" ? text : `${text} ${unit}`;
}

function trimmed(text: string): string {
  return text.replace(/\.0$/, "");
}
