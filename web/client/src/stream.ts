import { CtilinkError, Unreachable } from "./errors.ts";
import type { Http } from "./http.ts";
import { readEvents } from "./sse.ts";

/** A server says something every 15 s; who hears nothing for this long, in milliseconds, is cut off. */
export const silence = 30_000;

export interface StreamHandlers {
  /** The stream has begun; resume is what the server said of it. */
  opened(resume: string | null): void;
  event(event: unknown, type: string): void;
  retry(milliseconds: number): void;
}

/** Reads a stream of events until it ends; rejects when it could not be had, broke off or fell silent. */
export async function readStream(http: Http, path: string, headers: Record<string, string>, life: AbortSignal, handlers: StreamHandlers): Promise<void> {
  const cut = new AbortController();
  const end = () => cut.abort();
  let timer = setTimeout(end, silence);
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(end, silence);
  };
  life.addEventListener("abort", end);
  if (life.aborted) end();
  try {
    const answer = await http.send(path, { headers: { Accept: "text/event-stream", ...headers }, signal: cut.signal });
    alive();
    handlers.opened(answer.headers.get("Ctilink-Resume"));
    await readEvents(answer.body!, {
      alive,
      retry: handlers.retry,
      message: ({ data, event }) => life.aborted || handlers.event(JSON.parse(data), event),
    });
  } catch (cause) {
    if (life.aborted) return;
    throw cause instanceof CtilinkError ? cause : new Unreachable("the connection is lost", 0, { cause });
  } finally {
    clearTimeout(timer);
    life.removeEventListener("abort", end);
    cut.abort();
  }
}
