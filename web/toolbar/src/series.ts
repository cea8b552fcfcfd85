import type { QueueStatistics } from "@ctilink/client";

/** One point of a sparkline, in milliseconds. */
export const step = 30_000;
/** What a sparkline shows, in milliseconds. */
export const hour = 3_600_000;

/** A figure is told once a minute at least; after this many half minutes nothing is known any more. */
const stays = 3;

/** The most calls that waited in each half minute of the last hour. */
export class Series {
  private readonly peaks = new Map<number, number>();

  add({ at, callsWaiting }: Pick<QueueStatistics, "at" | "callsWaiting">): void {
    const slot = Math.floor(Date.parse(at) / step);
    this.peaks.set(slot, Math.max(this.peaks.get(slot) ?? 0, callsWaiting));
    for (const old of this.peaks.keys()) if (old <= slot - hour / step) this.peaks.delete(old);
  }

  /** Points from the past to now. What was not told in between stayed as it was, for a while; undefined: nothing is known. */
  points(now: number): (number | undefined)[] {
    const first = Math.floor(now / step) - hour / step + 1;
    return Array.from({ length: hour / step }, (_, i) => this.at(first + i));
  }

  private at(slot: number): number | undefined {
    for (let back = 0; back <= stays; back++) {
      const known = this.peaks.get(slot - back);
      if (known !== undefined) return known;
    }
    return undefined;
  }
}
