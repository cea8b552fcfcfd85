import { CtilinkError, errorOf, Unreachable } from "./errors.js";
import type { Way } from "./ways.js";
import { parse, type Element } from "./xml.js";

/** Where the API is, and what to say there. */
export interface Options {
  /** The link's address, e.g. https://support.contact-centre.svc:8443; in a browser the page's own when absent. */
  url?: string;
  /** The link's desktop token, or what gives it; absent when a proxy on the way adds it. */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  fetch?: typeof fetch;
  /** How the events of sessions come; `auto` when absent. */
  events?: Way;
}

export interface Request {
  method?: "GET" | "POST" | "DELETE";
  body?: unknown;
  /** A document for the Portrait front, instead of a body. */
  xml?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Sends requests with the token, and makes errors of what is not a success. */
export class Http {
  private readonly base: string;
  private readonly fetch: typeof fetch;

  constructor(private readonly options: Options) {
    this.base = (options.url ?? "").replace(/\/$/, "");
    this.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  }

  /** Gives the answer once its headers are there. A refused token is asked for once more. */
  async send(path: string, request: Request = {}): Promise<Response> {
    const token = await this.token();
    let answer = await this.try(path, request, token);
    if (answer.status === 401 && typeof this.options.token === "function") {
      const other = await this.token();
      if (other !== token) answer = await this.try(path, request, other);
    }
    if (!answer.ok) throw await errorOf(answer);
    return answer;
  }

  /** Gives the answer's JSON, in `timeout` milliseconds at most. */
  json<T>(path: string, request: Request = {}, timeout = 15_000): Promise<T> {
    return this.whole(path, request, timeout, (answer) => (answer.status === 204 ? undefined : answer.json()) as Promise<T>);
  }

  /** Sends a document to the Portrait front and gives the one that it answers with. */
  xml(path: string, xml: string, signal: AbortSignal, timeout: number): Promise<Element> {
    return this.whole(path, { method: "POST", xml, signal }, timeout, async (answer) => parse(await answer.text()));
  }

  private async whole<T>(path: string, request: Request, timeout: number, read: (answer: Response) => Promise<T>): Promise<T> {
    const late = AbortSignal.timeout(timeout);
    const signal = request.signal ? AbortSignal.any([request.signal, late]) : late;
    try {
      return await read(await this.send(path, { ...request, signal }));
    } catch (cause) {
      if (request.signal?.aborted) throw request.signal.reason;
      if (late.aborted) throw new Unreachable("no answer in time", 0, { cause });
      throw cause instanceof CtilinkError ? cause : new Unreachable("the answer broke off", 0, { cause });
    }
  }

  private async token() {
    return typeof this.options.token === "function" ? this.options.token() : this.options.token;
  }

  private async try(path: string, request: Request, token: string | undefined): Promise<Response> {
    const headers: Record<string, string> = { ...request.headers };
    if (token && /[^\x21-\x7e]/.test(token)) throw new CtilinkError("AuthenticationFailed", "the token holds characters that no token has", 401);
    if (token) headers["Authorization"] = `Bearer ${token}`;
    if (request.body !== undefined) headers["Content-Type"] = "application/json";
    if (request.xml !== undefined) headers["Content-Type"] = "text/xml; charset=UTF-8";
    const body = request.xml ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
    try {
      return await this.fetch(this.base + path, {
        method: request.method ?? "GET",
        headers,
        cache: "no-store",
        credentials: "same-origin", // a proxy on the way may know the user by a cookie
        ...(request.signal && { signal: request.signal }),
        ...(body !== undefined && { body }),
      });
    } catch (cause) {
      throw new Unreachable(this.unreachable(cause), 0, { cause });
    }
  }

  /** Says where nobody was, and why where the platform knows: Node does, browsers do not tell. */
  private unreachable(cause: unknown): string {
    if (this.base && !/^(https?:\/\/|\/)/i.test(this.base)) return "the server cannot be reached: url must begin with https:// or http://";
    const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : "";
    return `the server cannot be reached${this.base && ` at ${this.base}`}${why && `: ${why}`}`;
  }
}
