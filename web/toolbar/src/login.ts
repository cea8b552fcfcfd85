import { css, html } from "lit";
import type { Desk, Entry } from "./desk.ts";
import { texts } from "./language.ts";
import { Part } from "./part.ts";
import { shared } from "./style.ts";

/** Where an agent logs in. */
export class LoginPart extends Part {
  static override properties = { ...Part.properties, needsToken: { attribute: false } };
  static override styles = [shared, css`
    .card { max-width: 26rem; margin: 0 auto; padding: 20px; }
    h1 { font-size: 18px; margin: 0 0 4px; }
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; }
    button { min-height: 40px; }
    .small { font-size: 12px; grid-column: 1 / -1; margin-top: -6px; }
  `];

  declare needsToken: boolean;
  declare desk: Desk;

  private submit(event: SubmitEvent) {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const entered = [...new FormData(form)].map(([name, value]) => [name, name === "password" ? value : String(value).trim()]);
    void this.desk.open(Object.fromEntries(entered) as Entry);
  }

  private field(name: keyof Entry, label: string, more: { secret?: boolean; required?: boolean; autocomplete?: string } = {}) {
    const value = more.secret && name === "password" ? "" : (this.desk.remembered[name] ?? "");
    return html`<label><span>${label}</span>
      <input name=${name} .value=${value} type=${more.secret ? "password" : "text"} ?required=${more.required}
        autocomplete=${more.autocomplete ?? "off"} autocapitalize="off" spellcheck="false">
    </label>`;
  }

  override render() {
    return html`<form class="card form" @submit=${this.submit} aria-labelledby="title">
      <div>
        <h1 id="title">${texts.logIn}</h1>
        <p class="muted">${texts.logInTo}</p>
      </div>
      <div class="pair">
        ${this.field("agentId", texts.agent, { autocomplete: "username" })}
        ${this.field("password", texts.password, { secret: true, autocomplete: "current-password" })}
      </div>
      <div class="pair">
        ${this.field("dn", texts.telephone)} ${this.field("queue", texts.queue)}
        <p class="muted small">${texts.usual}</p>
      </div>
      ${this.needsToken ? this.field("token", texts.accessToken, { secret: true, required: true }) : ""}
      <button class="main" aria-busy=${this.desk.opening}>
        ${this.desk.opening ? texts.loggingIn : texts.logIn}
      </button>
    </form>`;
  }
}
