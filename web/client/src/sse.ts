/** One message of a stream of server-sent events. */
export interface Message {
  id?: string;
  event: string;
  data: string;
}

export interface Handlers {
  message(message: Message): void;
  /** How long the server wants readers to wait before they come back, in milliseconds. */
  retry?(milliseconds: number): void;
  /** Anything came, if only a comment. */
  alive?(): void;
}

/**
 * Reads a stream to its end (HTML, "Server-sent events"). EventSource cannot send headers,
 * so the stream is read from fetch.
 */
export async function readEvents(body: ReadableStream<Uint8Array>, handlers: Handlers): Promise<void> {
  const parser = new Parser(handlers);
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    handlers.alive?.();
    parser.push(decoder.decode(value, { stream: true }));
  }
}

/** Makes messages of pieces of text that end anywhere. */
export class Parser {
  private rest = "";
  private id: string | undefined;
  private event = "";
  private data: string[] = [];

  constructor(private readonly handlers: Handlers) {}

  push(text: string): void {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/); // a CR at the end may be half a CRLF
    this.rest = lines.pop()!;
    for (const line of lines) this.line(line);
  }

  private line(line: string) {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "id") this.id = value;
    else if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
    else if (field === "retry" && /^\d+$/.test(value)) this.handlers.retry?.(Number(value));
  }

  private dispatch() {
    if (this.data.length > 0)
      this.handlers.message({ id: this.id, event: this.event || "message", data: this.data.join("\n") });
    this.event = "";
    this.data = [];
  }
}
