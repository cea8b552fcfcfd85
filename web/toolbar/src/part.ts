import type { Activity, State } from "@ctilink/client";
import { LitElement, type PropertyDeclarations } from "lit";
import type { Desk } from "./desk.ts";
import { shared } from "./style.ts";

/** A part of the toolbar: it shows the desk's state and asks the desk for what the agent wants. */
export abstract class Part extends LitElement {
  static override properties: PropertyDeclarations = {
    desk: { attribute: false },
    state: { attribute: false },
    now: { attribute: false },
  };
  static override styles = [shared];

  declare desk: Desk;
  declare state: State;
  /** The server's time, in whole seconds, as milliseconds. */
  declare now: number;

  /** Whether requests can reach the telephone system. */
  protected get ready(): boolean {
    return this.state.connection === "live" && this.state.link === "LinkUp";
  }

  /** Whether the agent may ask for it now, without a call of its own. */
  protected can(activity: Activity): boolean {
    return this.state.activities.includes(activity);
  }

  /** Puts the cursor into a field when it appears. */
  protected async focusOn(selector: string): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(selector)?.focus();
  }
}
