import { svg, html, type TemplateResult } from "lit";

const icon = (shape: TemplateResult) =>
  html`<svg width="16" height="16" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${shape}</svg>`;

const handset = svg`<path d="M22 16.9v3a2 2 0 0 1-2.2 2 19.8 19.8 0 0 1-8.6-3.1 19.5 19.5 0 0 1-6-6A19.8 19.8 0 0 1 2.100 4.200 2 2 0 0 1 4.100 2h3a2 2 0 0 1 2 1.700c.1 1 .4 1.900.7 2.800a2 2 0 0 1-.5 2.100L8.100 9.900a16 16 0 0 0 6 6l1.300-1.300a2 2 0 0 1 2.100-.4c.9.300 1.800.6 2.800.7a2 2 0 0 1 1.700 2z"/>`;

export const icons = {
  answer: icon(handset),
  hangUp: icon(svg`<g transform="rotate(135 12 12)">${handset}</g>`),
  hold: icon(svg`<path d="M9 5v14M15 5v14"/>`),
  resume: icon(svg`<path d="M7 4.500v15l12-7.500z"/>`),
  mute: icon(svg`<path d="M9 9v2a3 3 0 0 0 5 2.200M15 10.500V5a3 3 0 0 0-5.900-.7M19 11a7 7 0 0 1-.6 2.800M5 11a7 7 0 0 0 10.500 6M12 18v3M3 3l18 18"/>`),
  unmute: icon(svg`<rect x="9" y="2" width="6" height="12" rx="3"/><path d="M5 11a7 7 0 0 0 14 0M12 18v3"/>`),
  keypad: icon(svg`<path d="M6 5h.01M12 5h.01M18 5h.01M6 11h.01M12 11h.01M18 11h.01M6 17h.01M12 17h.01M18 17h.01" stroke-width="3.500"/>`),
  transfer: icon(svg`<path d="M4 12h15M13 6l6 6-6 6"/>`),
  join: icon(svg`<circle cx="8" cy="8" r="3.500"/><path d="M2 20a6 6 0 0 1 12 0M18 8v6M15 11h6"/>`),
  alternate: icon(svg`<path d="M4 8h14l-4-4M20 16H6l4 4"/>`),
  back: icon(svg`<path d="M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3"/>`),
  close: icon(svg`<path d="M6 6l12 12M18 6 6 18"/>`),
  more: icon(svg`<path d="M5 12h.01M12 12h.01M19 12h.01" stroke-width="3.500"/>`),
  open: icon(svg`<path d="M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5"/>`),
  note: icon(svg`<path d="M12 5v14M5 12h14"/>`),
};
