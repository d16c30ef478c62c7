import { formatBytes } from "../documents/format-number.ts";
import type { Finding } from "../domain/finding.ts";
import type { Progress, Reporter } from "../ports/reporter.ts";
import type { Io } from "./io.ts";
import { faint, type Line, paint, warn } from "./text/span.ts";

interface ReporterOptions {
  readonly colour: boolean;
  /** Neither warnings nor progress. */
  readonly quiet: boolean;
}

const REDRAW_AFTER = 100;
const BAR = 20;
const CLEAR_LINE = "\r\u001b[K";

/** Warnings once each, and on a terminal one progress bar at a time; both on stderr. */
export function terminalReporter(io: Pick<Io, "stderr" | "now">, { colour, quiet }: ReporterOptions): Reporter {
  const said = new Set<string>();
  const bars = new Bars(io, colour);
  return {
    warn(finding) {
      const key = `${finding.code} ${finding.message}`;
      if (quiet || said.has(key)) return;
      said.add(key);
      bars.clear();
      io.stderr.write(paint(warningLines(finding), colour));
    },
    progress(label, total) {
      if (quiet || !io.stderr.isTerminal || total <= 0) return { advance() {}, done() {} };
      return bars.begin(label, total);
    },
  };
}

function warningLines({ message, hint }: Finding): readonly Line[] {
  const head: Line = [warn("warning"), `: ${message}`];
  return hint === null ? [head] : [head, [faint("hint: "), hint]];
}

interface Bar {
  readonly label: string;
  readonly total: number;
  readonly began: number;
  done: number;
}

/** The newest unfinished bar is the one that is drawn. */
class Bars {
  readonly #io: Pick<Io, "stderr" | "now">;
  readonly #colour: boolean;
  readonly #open: Bar[] = [];
  #drawnAt = 0;
  #visible = false;

  constructor(io: Pick<Io, "stderr" | "now">, colour: boolean) {
    this.#io = io;
    this.#colour = colour;
  }

  begin(label: string, total: number): Progress {
    const bar: Bar = { label, total, began: this.#io.now(), done: 0 };
    this.#open.push(bar);
    return {
      advance: (bytes) => {
        bar.done = Math.min(bar.total, bar.done + bytes);
        this.#draw();
      },
      done: () => {
        const at = this.#open.indexOf(bar);
        if (at >= 0) this.#open.splice(at, 1);
        this.clear();
      },
    };
  }

  clear(): void {
    if (this.#visible) this.#io.stderr.write(CLEAR_LINE);
    this.#visible = false;
  }

  #draw(): void {
    const now = this.#io.now();
    const bar = this.#open.at(-1);
    if (bar === undefined || now - this.#drawnAt < REDRAW_AFTER || now - bar.began < REDRAW_AFTER) return;
    this.#drawnAt = now;
    this.#visible = true;
    const line = progressLine(bar, now - bar.began, this.#io.stderr.columns);
    this.#io.stderr.write(`${CLEAR_LINE}${paint([line], this.#colour).trimEnd()}`);
  }
}

/** `  storing ███████████████░░░░░  1.1/1.2 GB  612 MB/s  0:01`, as much of it as fits. */
export function progressLine(
  { label, total, done }: { readonly label: string; readonly total: number; readonly done: number },
  milliseconds: number,
  columns: number,
): Line {
  const share = Math.min(1, done / total);
  const full = Math.round(share * BAR);
  const rate = milliseconds > 0 ? (done * 1000) / milliseconds : 0;
  const parts = [
    `  ${label} `,
    `${"█".repeat(full)}${"░".repeat(BAR - full)}`,
    `  ${formatBytes(done)} of ${formatBytes(total)}`,
    `  ${formatBytes(Math.round(rate))}/s`,
    rate > 0 ? `  ${clock((total - done) / rate)}` : "",
  ];
  let room = columns - 1;
  return parts.filter((text) => {
    room -= text.length;
    return room >= 0;
  });
}

function clock(seconds: number): string {
  const whole = Math.min(359_999, Math.ceil(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, "0")}:${String(rest).padStart(2, "0")}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}
