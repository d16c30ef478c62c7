import type { Login, OfferedLogin } from "./logins.ts";

/** A login that somebody knows, and whom to tell what became of it. */
export interface Candidate {
  readonly login: Login;
  accepted?(): Promise<void>;
  refused?(): Promise<void>;
}

/** Somebody who may know a login; asked when everything before was refused. */
export type LoginSource = () => Promise<readonly Candidate[]>;

/**
 * The logins of one server in their order. Sources are asked once, however many ask at the same time; a login that was
 * refused once is offered to nobody again, so that the one that was taken is the first from then on.
 */
export class LoginQueue {
  readonly #known: Known[] = [];
  readonly #sources: LoginSource[];
  #asking: Promise<void> | null = null;
  #expired = false;

  constructor(sources: readonly LoginSource[]) {
    this.#sources = [...sources];
  }

  /** A login that was good is refused now: what the sources say today may be something else. */
  get expired(): boolean {
    return this.#expired;
  }

  /** The next login that is not among those tried; null when there is none. */
  async next(tried: ReadonlySet<string>): Promise<OfferedLogin | null> {
    for (;;) {
      const best = this.#known.find(
        ({ state, candidate }) => state !== "refused" && !tried.has(identityOf(candidate.login)),
      );
      if (best !== undefined) return this.#offered(best);
      if (this.#sources.length === 0 && this.#asking === null) return null;
      this.#asking ??= this.#ask();
      await this.#asking;
    }
  }

  async #ask(): Promise<void> {
    try {
      const found = (await this.#sources.shift()?.()) ?? [];
      this.#known.push(...found.map((candidate) => ({ candidate, state: "untried" as const, told: null })));
    } finally {
      this.#asking = null;
    }
  }

  #offered(known: Known): OfferedLogin {
    const { candidate } = known;
    const { username, password } = candidate.login;
    const tell = async (state: "accepted" | "refused") => {
      if (known.state === state) return known.told ?? undefined;
      if (known.state === "refused") return;
      if (known.state === "accepted") this.#expired = true;
      known.state = state;
      known.told = (state === "accepted" ? candidate.accepted?.() : candidate.refused?.()) ?? null;
      await known.told;
    };
    return { username, password, accepted: () => tell("accepted"), refused: () => tell("refused") };
  }
}

export function identityOf({ username, password }: Login): string {
  return `${username}\0${password}`;
}

interface Known {
  readonly candidate: Candidate;
  state: "untried" | "accepted" | "refused";
  told: Promise<void> | null;
}
