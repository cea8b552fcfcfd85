import { html, type TemplateResult } from "lit";

const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const names: Record<string, string> = { "*": "star", "#": "hash" };

/** Twelve keys. */
export function keypad(press: (digit: string) => void, disabled = false): TemplateResult {
  return html`<div class="keys" role="group" aria-label="Keypad">
    ${keys.map((digit) => html`<button type="button" ?disabled=${disabled} aria-label=${names[digit] ?? digit} @click=${() => press(digit)}>${digit}</button>`)}
  </div>`;
}
