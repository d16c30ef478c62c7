import type { View } from "./span.ts";

const SECOND = 1000;
const UNITS: readonly (readonly [name: string, milliseconds: number])[] = [
  ["year", 365 * 24 * 3600 * SECOND],
  ["month", 30 * 24 * 3600 * SECOND],
  ["week", 7 * 24 * 3600 * SECOND],
  ["day", 24 * 3600 * SECOND],
  ["hour", 3600 * SECOND],
  ["minute", 60 * SECOND],
];

/** `2 hours ago`, `yesterday`, `in 3 days` on a terminal; the instant itself when piped. */
export function formatTime(iso: string, { isTerminal, now }: View): string {
  const at = Date.parse(iso);
  if (!isTerminal || Number.isNaN(at)) return iso;
  const distance = Math.abs(now - at);
  const unit = UNITS.find(([, size]) => distance >= size);
  if (unit === undefined) return "just now";
  const count = Math.floor(distance / unit[1]);
  if (unit[0] === "day" && count === 1) return at <= now ? "yesterday" : "tomorrow";
  const amount = `${count} ${unit[0]}${count === 1 ? "" : "s"}`;
  return at <= now ? `${amount} ago` : `in ${amount}`;
}

/** `3 d 4 h`, `12 min`: a length of time, its two largest units. */
export function formatDuration(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(minutes / 1440), "d"],
    [Math.floor(minutes / 60) % 24, "h"],
    [minutes % 60, "min"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "less than a minute";
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** `24 h` from the policy's `24h`. */
export function formatLimit(text: string): string {
  const [, count, unit] = /^(\d+)([a-z]+)$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) return text;
  return `${count} ${unit === "m" ? "min" : unit}`;
}
