import type { Saved } from "@ctilink/client";

/** What a tab keeps for a reload: no password, and gone with the tab. */
export interface Kept extends Saved {
  token?: string;
  queue?: string;
}

/** Keeps something in sessionStorage, which other tabs and later visits do not see. */
export class Keep {
  constructor(private readonly name: string) {}

  get<T = Kept>(): T | undefined {
    try {
      const text = sessionStorage.getItem(this.name);
      return text ? (JSON.parse(text) as T) : undefined;
    } catch {
      return undefined; // storage is forbidden here, or holds what is not ours
    }
  }

  set(kept: object | undefined): void {
    try {
      if (kept) sessionStorage.setItem(this.name, JSON.stringify(kept));
      else sessionStorage.removeItem(this.name);
    } catch {
      // Without storage a reload asks for the log-in again.
    }
  }
}
