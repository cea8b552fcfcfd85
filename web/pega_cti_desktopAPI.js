/*
 * The functions that Pega Call's client-side OpenCTI (8.x) calls, on top of CTILink's API.
 * No build, no dependency; browsers of today and Node 20. docs/pega.md explains it.
 *
 *   pega_cti_desktopAPI.configure({ url: "https://cti.example:8443", token: () => myToken() });
 *   pega_cti_desktopAPI.login("4001", "secret", "1001", "", {}, done, failed, forwardEvent);
 */
(function (root) {
  "use strict";

  // Our codes in Pega's terms; the same table as runtime/server/pega/errors.go.
  const ERR_CODES = {
    NotLoggedIn: "OPENCTI_AGENT_NOT_LOGGED_IN",
    AlreadyLoggedIn: "OPENCTI_AGENT_LOGGED_IN",
    DeviceInUse: "OPENCTI_AGENT_LOGGED_IN",
    SessionTakenOver: "OPENCTI_AGENT_LOGGED_IN",
    UnknownDevice: "OPENCTI_HTTP_ERROR_404",
    DeviceOutOfService: "OPENCTI_HTTP_ERROR_503",
    NoAlertingCall: "OPENCTI_CF_INVALID_OBJECT_STATE",
    NoActiveCall: "OPENCTI_CF_INVALID_OBJECT_STATE",
    NoHeldCall: "OPENCTI_CF_INVALID_OBJECT_STATE",
    NoSuchCall: "OPENCTI_CF_INVALID_OBJECT_STATE",
    InvalidState: "OPENCTI_CF_INVALID_OBJECT_STATE",
    SameState: "OPENCTI_IN_SAME_STATE",
    InvalidDestination: "OPENCTI_CF_INVALID_DESTINATION",
    DestinationBusy: "OPENCTI_DEST_BUSY",
    InvalidQueue: "OPENCTI_CF_GENERIC_OPERATION",
    ReasonCodeRequired: "OPENCTI_CF_GENERIC_OPERATION",
    InvalidReasonCode: "OPENCTI_CF_GENERIC_OPERATION",
    ConferenceFull: "OPENCTI_CONF_ALREADY_PRESENT",
    InvalidRequest: "OPENCTI_CF_GENERIC_OPERATION",
    NotPermittedInMode: "OPENCTI_HTTP_ERROR_405",
    NotSupportedByClass: "OPENCTI_HTTP_ERROR_405",
    NotCapable: "OPENCTI_CF_GENERIC_OPERATION",
    Forbidden: "OPENCTI_HTTP_ERROR_401",
    LicenceExhausted: "OPENCTI_HTTP_ERROR_503",
    Overloaded: "OPENCTI_HTTP_ERROR_503",
    LinkDown: "OPENCTI_HTTP_ERROR_503",
    Timeout: "OPENCTI_HTTP_ERROR_504",
    OutcomeUnknown: "OPENCTI_HTTP_ERROR_502",
    IdempotencyConflict: "OPENCTI_CF_GENERIC_OPERATION",
    AuthenticationFailed: "OPENCTI_HTTP_ERROR_401",
    Rejected: "OPENCTI_CF_GENERIC_OPERATION",
  };
  const HTTP_CODES = [401, 404, 405, 408, 500, 502, 503, 504];

  // Milliseconds.
  const times = { silence: 30000, lost: 5000, longestWait: 30000, firstRetry: 500 };
  const TRIES = 3; // of a request that may not have arrived
  const PENDING = 100; // accepted requests whose later failure can be told

  const script = root.document && root.document.currentScript;
  let settings = { url: script ? new URL(script.src).origin : "", token: "", links: {} };
  const sessions = new Map(); // by agent; the newest is last
  const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

  /**
   * Says where the API is and with which token. token is a text, or a function that gives
   * one or a Promise of one. links holds {url, token} by link definition, where a page uses
   * several links. times is for tests.
   */
  function configure(o) {
    settings = { ...settings, ...o };
    Object.assign(times, o.times);
  }

  function settingsOf(linkDefinition) {
    const chosen = { ...settings, ...(settings.links && settings.links[linkDefinition]) };
    return { ...chosen, url: chosen.url.replace(/\/+$/, "") };
  }

  // An error as the failure callbacks get it.
  class CTIError extends Error {
    constructor(errCode, errMessage, code) {
      super(errMessage);
      this.errCode = errCode;
      this.code = code; // ours; undefined where there was no answer
    }
    told() {
      return { errCode: this.errCode, errMessage: this.message };
    }
  }

  function errorOf(status, problem) {
    const code = problem && problem.code;
    const ofStatus = HTTP_CODES.includes(status) ? "OPENCTI_HTTP_ERROR_" + status : "OPENCTI_CF_GENERIC_OPERATION";
    const message = (problem && problem.message) || "The CTI link answered with HTTP status " + status + ".";
    return new CTIError(ERR_CODES[code] || ofStatus, message, code);
  }

  function unreachable(cause) {
    const e = new CTIError("OPENCTI_HTTP_ERROR_503", "The CTI link cannot be reached.");
    e.cause = cause;
    return e;
  }

  async function headersOf(to, more) {
    const token = typeof to.token === "function" ? await to.token() : to.token;
    return { Authorization: "Bearer " + token, ...more };
  }

  // One request; throws a CTIError.
  async function call(to, method, path, body, headers) {
    let answer;
    try {
      answer = await root.fetch(to.url + path, {
        method,
        headers: await headersOf(to, { "Content-Type": "application/json", ...headers }),
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: "no-store",
      });
    } catch (cause) {
      throw unreachable(cause);
    }
    const result = await answer.json().catch(() => undefined);
    if (!answer.ok) throw errorOf(answer.status, result);
    return result;
  }

  // A request of which nobody knows whether it arrived is sent again: its key keeps it from
  // being done twice.
  async function persist(to, method, path, body, headers) {
    for (let tries = 1; ; tries++) {
      try {
        return await call(to, method, path, body, headers);
      } catch (e) {
        if (e.code !== undefined || !e.cause || tries === TRIES) throw e;
        await sleep(times.firstRetry * tries);
      }
    }
  }

  function unique() {
    const bytes = root.crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  }

  // A session: one agent, one event stream.
  class Session {
    constructor(to, opening, opened, forwardEvent) {
      this.to = to;
      this.opening = opening; // the body that opens it again, without a password
      this.name = opened.session;
      this.token = opened.sessionToken;
      this.dn = opened.snapshot.dn;
      this.forwardEvent = forwardEvent;
      this.known = new Map(); // calls that the desktop was told of: callId → pyEventName
      this.pending = new Map(); // failure callbacks by requestId
      this.last = ""; // id of the last event
      this.wait = 1000;
      this.stopped = false;
    }

    get path() {
      return "/v1/sessions/" + encodeURIComponent(this.name);
    }

    get headers() {
      return { "Ctilink-Session": this.token };
    }

    async perform(activity, properties, failure) {
      const requestId = unique();
      this.pending.set(requestId, failure);
      if (this.pending.size > PENDING) this.pending.delete(this.pending.keys().next().value);
      try {
        const headers = { ...this.headers, "Idempotency-Key": requestId };
        return await persist(this.to, "POST", this.path + "/activities/" + activity, { ...properties, requestId }, headers);
      } catch (e) {
        this.pending.delete(requestId);
        throw e;
      }
    }

    forward(event) {
      try {
        this.forwardEvent(event);
      } catch (e) {
        root.console.error("forwardEvent failed", e);
      }
    }

    // deliver forwards a message. Those up to the one with the id belong to one event.
    deliver(event, id) {
      switch (event.pyEventType) {
        case "RequestFailedEvent":
          this.failed(event);
          break;
        case "SnapshotEvent":
          this.forward(event);
          if (event.pyCallIds) {
            this.drop(event.pyCallIds);
            this.replaying = true;
          }
          break;
        case "CallStateEvent":
          this.callState(event);
          break;
        default:
          this.forward(event);
      }
      if (id) this.replaying = false;
    }

    failed(event) {
      const failure = this.pending.get(event.pyRequestId);
      this.pending.delete(event.pyRequestId);
      if (failure) failure({ errCode: event.errCode, errMessage: event.errMessage });
    }

    // drop ends the calls that a snapshot does not have: their ends were missed.
    drop(callIds) {
      for (const [callId, event] of this.known) {
        if (callIds.includes(callId)) continue;
        this.known.delete(callId);
        this.forward({ ...event, pyEventName: "Disconnected" });
      }
    }

    // callState keeps a snapshot from ringing again for a call that the desktop knows.
    callState(event) {
      const state = (e) => (e && e.pyEventName === "Retrieved" ? "Established" : e && e.pyEventName);
      const repeated = this.replaying && state(this.known.get(event.pyCallId)) === state(event);
      if (event.pyEventName === "Disconnected" || event.pyEventName === "Abandoned") this.known.delete(event.pyCallId);
      else this.known.set(event.pyCallId, event);
      if (!repeated) this.forward(event);
    }

    // snapshot tells what only this page knows: that the link, or the session, is gone.
    snapshot(agentState, linkState) {
      this.forward({
        pyEventType: "SnapshotEvent",
        pyEventName: "Snapshot",
        pyAgentId: this.opening.agentId,
        pyAgentState: agentState,
        pyDeviceState: "CLOSED",
        pyLinkState: linkState,
        pyThisDN: this.dn,
        pyMedia: "Phone",
      });
    }

    // over: somebody has closed the session, or taken it over, and it stays so.
    over() {
      this.stop();
      if (sessions.get(this.opening.agentId) === this) sessions.delete(this.opening.agentId);
      this.snapshot("Unknown", "CONNECTED");
    }

    stop() {
      this.stopped = true;
      if (this.abort) this.abort.abort();
    }

    // listen reads the stream across lost connections until the session is stopped.
    async listen() {
      let lostSince = 0;
      let told = false;
      for (let failures = 0; !this.stopped; ) {
        try {
          await this.read(() => {
            failures = lostSince = 0;
            told = false;
          });
        } catch (e) {
          if (this.stopped) return;
          failures++;
          lostSince = lostSince || Date.now();
          if (!told && Date.now() - lostSince >= times.lost) {
            told = true;
            this.last = ""; // the next stream begins with a Snapshot, which ends this state
            this.snapshot("Unknown", "DISCONNECTED");
          }
          if (e.status === 404 || e.status === 410) return this.over();
          if (e.status === 403) await this.reopen();
        }
        if (!this.stopped) await sleep(Math.min(this.wait * Math.max(1, failures), times.longestWait));
      }
    }

    // read reads one connection to its end.
    async read(begun) {
      this.abort = new AbortController();
      let timer;
      const alive = () => {
        clearTimeout(timer);
        timer = setTimeout(() => this.abort.abort(), times.silence);
      };
      alive();
      try {
        const headers = await headersOf(this.to, this.headers);
        if (this.last) headers["Last-Event-ID"] = this.last;
        const url = this.to.url + this.path + "/events?format=pega-desktop";
        const answer = await root.fetch(url, { headers, signal: this.abort.signal, cache: "no-store" });
        if (!answer.ok) {
          const e = errorOf(answer.status, await answer.json().catch(() => undefined));
          e.status = answer.status;
          throw e;
        }
        begun();
        const reader = answer.body.getReader();
        const decoder = new TextDecoder();
        let text = "";
        let block = {};
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          alive();
          text += decoder.decode(value, { stream: true });
          for (let end; (end = text.indexOf("\n")) >= 0; text = text.slice(end + 1)) {
            const line = text.slice(0, end);
            if (line === "") {
              this.take(block);
              block = {};
            } else {
              const colon = line.indexOf(": ");
              block[line.slice(0, colon)] = line.slice(colon + 2);
            }
          }
        }
      } finally {
        clearTimeout(timer);
      }
    }

    take(block) {
      if (this.stopped) return;
      if (block.event === "End") return this.over();
      if (block.retry) this.wait = Number(block.retry);
      if (block.data) this.deliver(JSON.parse(block.data), block.id);
      if (block.id) this.last = block.id;
    }

    // reopen opens the session anew: its token is too old, or of a link that was made anew.
    async reopen() {
      try {
        const opened = await call(this.to, "POST", "/v1/sessions", this.opening);
        this.token = opened.sessionToken;
        this.last = "";
      } catch (e) {
        root.console.warn("The CTI session cannot be opened again yet: " + e.message);
      }
    }
  }

  const none = () => {};
  const asFunction = (f) => (typeof f === "function" ? f : none);
  const text = (v) => (v === undefined || v === null || v === "" ? undefined : String(v));

  // answer runs one function and calls one callback. What work returns is done after that.
  async function answer(success, failure, work) {
    let after;
    try {
      after = await work();
    } catch (e) {
      asFunction(failure)(e instanceof CTIError ? e.told() : { errCode: "OPENCTI_CF_GENERIC_OPERATION", errMessage: String(e.message || e) });
      return;
    }
    asFunction(success)();
    asFunction(after)();
  }

  function sessionOf(agentID) {
    const found = agentID ? sessions.get(agentID) : [...sessions.values()].pop();
    if (!found) throw new CTIError("OPENCTI_AGENT_NOT_LOGGED_IN", "Log in first.");
    return found;
  }

  // inMode does without what the telephony mode does not permit: in the Simple mode logging
  // in is watching the device, and nothing else.
  async function inMode(whole, less) {
    try {
      return await whole();
    } catch (e) {
      if (e.code !== "NotPermittedInMode") throw e;
      return less();
    }
  }

  function login(agentID, agentPwd, extension, linkDefinition, options, success, failure, forwardEvent) {
    return answer(success, failure, async () => {
      const o = options || {};
      const to = settingsOf(linkDefinition);
      const opening = {
        agentId: text(agentID),
        dn: text(extension),
        workstation: text(o.workstation),
        clientHandle: text(o.clientHandle),
        takeOver: o.takeOver === true || undefined,
      };
      const credentials = { password: text(agentPwd), queue: text(o.queue), workMode: requestedMode(o.workMode) };
      const opened = await inMode(
        () => call(to, "POST", "/v1/sessions", { ...opening, login: credentials }),
        () => call(to, "POST", "/v1/sessions", opening),
      );
      const before = sessions.get(opening.agentId);
      if (before) before.stop();
      sessions.delete(opening.agentId);
      const session = new Session(to, { ...opening, dn: opened.snapshot.dn, takeOver: undefined }, opened, asFunction(forwardEvent || o.forwardEvent || o.fowardEvent));
      sessions.set(opening.agentId, session);
      return () => session.listen();
    });
  }

  function logout(agentID, reasonCode, options, success, failure) {
    return answer(success, failure, async () => {
      const session = sessionOf(text(agentID));
      const reason = text(reasonCode);
      const query = "?logout=true" + (reason ? "&reasonCode=" + encodeURIComponent(reason) : "");
      await inMode(
        () => call(session.to, "DELETE", session.path + query, undefined, session.headers),
        () => call(session.to, "DELETE", session.path, undefined, session.headers),
      );
      session.stop();
      sessions.delete(session.opening.agentId);
      return () => session.snapshot("Logout", "CONNECTED");
    });
  }

  // The work modes of the 8.x schemas, as the activities know them.
  const WORK_MODES = {
    MODE_NONE: undefined,
    MODE_AUTO_IN: "AUTO_IN",
    MODE_MANUAL_IN: "MANUAL_IN",
    ACW: "AFTER_CALL_WORK",
    BUSY: undefined,
    AUX_WORK: undefined,
  };
  function requestedMode(workMode) {
    return workMode in WORK_MODES ? WORK_MODES[workMode] : text(workMode);
  }

  function perform(agentID, activity, properties, options, success, failure) {
    return answer(success, failure, async () => {
      const o = options || {};
      const request = { ...properties, queue: text(o.queue), variables: o.variables, options: o.options };
      if (activity !== "MakeCall" && activity !== "TransferInitiate" && activity !== "ConferenceInitiate" && activity !== "BlindTransfer") delete request.variables;
      if (!activity.startsWith("SetAgent")) delete request.queue;
      await sessionOf(text(agentID) || text(o.agentID)).perform(activity, request, asFunction(failure));
    });
  }

  function agentReady(agentId, workMode, options, success, failure) {
    return perform(agentId, "SetAgentReady", { workMode: requestedMode(workMode) }, options, success, failure);
  }

  function agentNotReady(agentID, workMode, reasonCode, linkDefinition, options, success, failure) {
    const properties = { workMode: requestedMode(workMode), reasonCode: text(reasonCode) };
    return perform(agentID, "SetAgentNotReady", properties, options, success, failure);
  }

  // The published parameter tables of the functions below are cut off. They take their
  // texts in the order given here, then options, success and failure; what is missing is
  // left out, and an object is always the options.
  function activity(name, ...parameters) {
    return (...given) => {
      const texts = [];
      const callbacks = [];
      let options = {};
      for (const value of given) {
        if (typeof value === "function") callbacks.push(value);
        else if (value !== null && typeof value === "object") options = value;
        else texts.push(text(value));
      }
      const properties = Object.fromEntries(parameters.map((p, i) => [p, texts[i]]));
      return perform(undefined, name, properties, options, callbacks[0], callbacks[1]);
    };
  }

  const api = {
    configure,
    login,
    logout,
    agentReady,
    agentNotReady,
    answerCall: activity("AnswerCall", "callId"),
    holdCall: activity("HoldCall", "callId"),
    retrieveCall: activity("RetrieveCall", "callId"),
    makeCall: activity("MakeCall", "destinationNumber"),
    hangUpCall: activity("HangUpCall", "callId"),
    sendDTMF: activity("SendDTMF", "callId", "digits"),
    conferenceInitiate: activity("ConferenceInitiate", "callId", "destinationNumber"),
    consultationCall: activity("ConferenceInitiate", "callId", "destinationNumber"),
    conferenceComplete: activity("ConferenceCall", "callId", "heldCallId"),
    dropParty: activity("DropParty", "callId", "party"),
    transferInitiate: activity("TransferInitiate", "callId", "destinationNumber"),
    transferComplete: activity("TransferCall", "callId", "heldCallId"),
    blindTransfer: activity("BlindTransfer", "callId", "destinationNumber"),
  };
  root.pega_cti_desktopAPI = api;
})(typeof globalThis === "object" ? globalThis : this);
