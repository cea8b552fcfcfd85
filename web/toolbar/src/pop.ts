import type { Call, State } from "@ctilink/client";

/** What a call's treatment opens at the desktop. */
export interface Pop {
  call: Call;
  url?: string;
  interaction?: string;
}

/** How long a tab that nobody sees leaves the call to others, in milliseconds. */
const politeness = 400;

/** Addresses that may be opened. What a pool names is not trusted to run script. */
export function safe(url: string | undefined): string | undefined {
  try {
    const parsed = new URL(url ?? "");
    return ["https:", "http:"].includes(parsed.protocol) ? parsed.href : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Screen pops: each tab that sees an offered call with one claims it, and only the tab whose
 * claim is accepted opens it.
 */
export class Pops {
  private readonly tried = new Set<string>();

  /**
   * @param claim asks for AcceptInteraction and says whether this tab has it.
   * @param open opens it.
   */
  constructor(
    private readonly claim: (callId: string) => Promise<boolean>,
    private readonly open: (pop: Pop) => void,
  ) {}

  /** Looks at the calls after each change. */
  look(state: State): void {
    if (state.connection !== "live") return;
    for (const call of state.calls) if (this.concerns(call)) void this.try(call);
    const here = new Set(state.calls.map(key));
    for (const k of this.tried) if (!here.has(k)) this.tried.delete(k);
  }

  /** The agent accepts the call: what waits for that happens now. */
  async accept(call: Call): Promise<void> {
    this.tried.add(key(call));
    if (await this.claim(call.callId)) this.show(call);
  }

  /** A treatment that answers with the interaction waits for the agent. */
  private concerns({ treatment, state, ...call }: Call): boolean {
    return state === "Offering" && !!treatment?.screenPop && !treatment.claimed &&
      treatment.answer !== "OnInteraction" && !this.tried.has(key(call));
  }

  private async try(call: Call) {
    this.tried.add(key(call));
    if (document.visibilityState === "hidden") await new Promise((done) => setTimeout(done, politeness));
    if (await this.claim(call.callId)) this.show(call);
  }

  private show(call: Call) {
    const { url, interaction } = call.treatment?.screenPop ?? {};
    if (url || interaction) this.open({ call, url: safe(url), interaction });
  }
}

const key = (call: Pick<Call, "callId" | "startedAt">) => `${call.callId} ${call.startedAt}`;
