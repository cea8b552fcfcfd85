const longest = 15_000;

/**
 * How long to wait before coming back. The first time what the server asked for, which is
 * different for every reader; then ever longer, with jitter, so that many do not come at once.
 */
export class Backoff {
  private failures = 0;
  /** What the server asked for, in milliseconds. */
  retry = 1000;

  constructor(private readonly random: () => number = Math.random) {}

  /** The time until the next try, in milliseconds. */
  next(): number {
    const wait = Math.min(this.retry * 2 ** this.failures, longest);
    const jittered = this.failures === 0 ? wait : wait * (0.5 + this.random() / 2);
    this.failures++;
    return jittered;
  }

  /** It worked. */
  reset(): void {
    this.failures = 0;
  }
}

/** Waits; less when the signal says that it is time, or that all is over. */
export function pause(milliseconds: number, ...signals: (AbortSignal | undefined)[]): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(end, milliseconds);
    function end() {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener("abort", end);
      done();
    }
    for (const signal of signals) {
      if (signal?.aborted) return end();
      signal?.addEventListener("abort", end);
    }
  });
}
