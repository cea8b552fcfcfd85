import type { Kept } from "./keep.ts";

type Note = { ask: true } | { tell: Kept };

/** How long a new tab waits for another one's answer, in milliseconds. */
const patience = 150;

/**
 * A new tab asks the other tabs of this origin for the session that they have, so that an
 * agent logs in once. What they tell goes from memory to memory and is stored nowhere.
 */
export class Tabs {
  private readonly channel?: BroadcastChannel;

  /** @param has gives what this tab has. */
  constructor(name: string, private readonly has: () => Kept | undefined) {
    if (typeof BroadcastChannel === "undefined") return;
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = ({ data }: MessageEvent<Note>) => {
      const mine = this.has();
      if ("ask" in data && mine) this.channel!.postMessage({ tell: mine } satisfies Note);
    };
  }

  /** What another tab has; undefined when none has a session. */
  ask(): Promise<Kept | undefined> {
    const { channel } = this;
    if (!channel) return Promise.resolve(undefined);
    return new Promise((done) => {
      const hear = ({ data }: MessageEvent<Note>) => "tell" in data && end(data.tell);
      const timer = setTimeout(() => end(undefined), patience);
      function end(told: Kept | undefined) {
        clearTimeout(timer);
        channel!.removeEventListener("message", hear);
        done(told);
      }
      channel.addEventListener("message", hear);
      channel.postMessage({ ask: true } satisfies Note);
    });
  }

  close(): void {
    this.channel?.close();
  }
}
