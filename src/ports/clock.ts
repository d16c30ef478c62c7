/** Time and chance, handed in so that tests choose them. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Waits; used between tries of a lost race. */
  sleep(milliseconds: number): Promise<void>;
  /** A number in [0, 1), for jitter. */
  random(): number;
}
