import type { QueueStatistics } from "@ctilink/client";

/** One point of a sparkline, in milliseconds. */
export const step = 30_000;
/** What a sparkline shows, in milliseconds. */
export const hour = 3_600_000;

/** The most calls that waited in each half minute of the last hour. */
export class Series {
  private readonly peaks: Map<number, number>;

  /** @param known what another one gave as its entries, before the page was loaded again. */
  constructor(known: [number, number][] = []) {
    this.peaks = new Map(known);
  }

  get entries(): [number, number][] {
    return [...this.peaks];
  }

  add({ at, callsWaiting }: QueueStatistics): void {
    const slot = Math.floor(Date.parse(at) / step);
    this.peaks.set(slot, Math.max(this.peaks.get(slot) ?? 0, callsWaiting));
    for (const old of this.peaks.keys()) if (old <= slot - hour / step) this.peaks.delete(old);
  }

  /** Points from the past to now; what was not told in between stayed as it was. Undefined: before the first. */
  points(now: number): (number | undefined)[] {
    const last = Math.floor(now / step);
    let known: number | undefined;
    return Array.from({ length: hour / step }, (_, i) => (known = this.peaks.get(last - hour / step + 1 + i) ?? known));
  }

  get most(): number {
    return Math.max(0, ...this.peaks.values());
  }
}
