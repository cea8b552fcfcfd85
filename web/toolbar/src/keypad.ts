import { html, type TemplateResult } from "lit";
import { texts } from "./language.ts";

const keys = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

/** Twelve keys. */
export function keypad(press: (digit: string) => void, disabled = false): TemplateResult {
  return html`<div class="keys" role="group" aria-label=${texts.keypad}>
    ${keys.map((digit) => html`<button type="button" ?disabled=${disabled} aria-label=${texts.keys[digit] ?? digit} @click=${() => press(digit)}>${digit}</button>`)}
  </div>`;
}
