import { css } from "lit";

/** One column in a side panel, two where there is room. */
export const layout = css`
  :host { container-type: inline-size; background: var(--cti-ground); }
  .in { display: grid; gap: 12px; padding: 12px; align-items: start; }
  .head, .calls { display: grid; gap: 12px; min-width: 0; }
  .out { padding: 16px 12px; display: grid; gap: 12px; }
  .out > div { max-width: 26rem; width: 100%; margin: 0 auto; }

  .top { display: flex; align-items: center; gap: 8px; }
  .who { display: grid; line-height: 1.3; min-width: 0; overflow-wrap: anywhere; }
  .who .muted { font-size: 12px; }
  .link { margin-left: auto; font-size: 12px; display: inline-flex; align-items: center; gap: 6px; color: var(--cti-muted); white-space: nowrap; }
  .link::before { content: ""; width: 8px; height: 8px; border-radius: 50%; background: var(--cti-ok); }
  .link.down { color: var(--cti-warn); font-weight: 600; }
  .link.down::before { background: currentColor; border-radius: 2px; }

  .menu { display: grid; margin: 0; gap: 2px; }
  .menu button { justify-content: flex-start; color: var(--cti-text); text-align: left; flex-wrap: wrap; }
  .hint { font-size: 12px; color: var(--cti-muted); font-weight: 400; }

  .strip { border-radius: 10px; padding: 10px 12px; overflow-wrap: anywhere; }
  .strip.warn { background: var(--cti-warn-ground); color: var(--cti-warn); }
  .strip.bad { background: var(--cti-bad-ground); color: var(--cti-bad); }
  .strip.calm { background: var(--cti-busy-ground); color: var(--cti-busy); }
  .strip .row { flex-wrap: nowrap; }
  .strip .top-aligned { align-items: start; }
  .strip button.quiet { color: inherit; min-height: 28px; padding: 4px; }
  .strip > button { margin-top: 8px; }
  details { font-size: 12px; margin-top: 6px; }
  summary { cursor: pointer; }

  .dial form { display: flex; gap: 6px; }
  .dial .keys { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px; }
  .dial .keys button { font-size: 16px; min-height: 40px; }
  .empty { text-align: center; padding: 22px 12px; border: 1px dashed var(--cti-line); border-radius: var(--cti-radius); }
  .history ol { margin-top: 8px; display: grid; gap: 4px; max-height: 15em; overflow: auto; font-size: 13px; }
  .history li { display: grid; grid-template-columns: auto 1fr; gap: 10px; overflow-wrap: anywhere; }
  .history .time { font-size: 12px; line-height: 1.55; }

  @container (min-width: 720px) {
    .in { grid-template-columns: 320px minmax(0, 1fr); grid-template-rows: auto auto auto 1fr; gap: 16px; padding: 16px; max-width: 1200px; margin: 0 auto; }
    .in > * { grid-column: 1; }
    .in > .calls { grid-area: 1 / 2 / -1 / 2; }
    .calls { grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); align-items: start; }
    .empty { padding: 48px 12px; grid-column: 1 / -1; }
  }
`;
