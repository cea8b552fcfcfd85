import { css } from "lit";

export const look = css`
  :host { container-type: inline-size; }
  .page { display: grid; gap: 16px; padding: 16px; max-width: 1200px; margin: 0 auto; }
  .page > * { min-width: 0; }
  .entry { max-width: 24rem; width: 100%; margin: 0 auto; padding: 20px; }
  h1 { font-size: 18px; margin: 0; overflow-wrap: anywhere; }
  .small { font-size: 12px; }
  .strip { border-radius: 10px; padding: 10px 12px; background: var(--cti-warn-ground); color: var(--cti-warn); overflow-wrap: anywhere; }
  .strip.bad { background: var(--cti-bad-ground); color: var(--cti-bad); }

  .Available, .LoggedIn { --ground: var(--cti-ok-ground); --ink: var(--cti-ok); }
  .Busy { --ground: var(--cti-busy-ground); --ink: var(--cti-busy); }
  .AfterCallWork { --ground: var(--cti-warn-ground); --ink: var(--cti-warn); }
  .Unavailable, .lost { --ground: var(--cti-bad-ground); --ink: var(--cti-bad); }
  .LoggedOut, .Unknown { --ground: var(--cti-off-ground); --ink: var(--cti-off); }

  .summary { display: grid; grid-template-columns: repeat(auto-fit, minmax(120px, 1fr)); gap: 10px; }
  .tile { width: 100%; flex-direction: column; align-items: flex-start; gap: 0; background: var(--ground); color: var(--ink); border-color: transparent; padding: 10px 14px; }
  .tile:hover { background: var(--ground); border-color: var(--ink); }
  .tile[aria-pressed="true"] { background: var(--ground); color: var(--ink); border-color: var(--ink); box-shadow: inset 0 0 0 1px var(--ink); }
  .tile strong { font-size: 26px; line-height: 1.2; }

  .queues { display: grid; grid-template-columns: repeat(auto-fill, minmax(180px, 1fr)); gap: 10px; margin-top: 8px; }
  .queue h3 { margin: 0; font-size: 14px; overflow-wrap: anywhere; }
  .big { font-size: 22px; }
  .waiting .big { color: var(--cti-warn); }
  .spark { width: 100%; height: 32px; display: block; margin: 8px 0 4px; }
  .spark polyline { fill: none; stroke: var(--cti-accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
  .spark line { stroke: var(--cti-line); vector-effect: non-scaling-stroke; }
  .spark polygon { fill: var(--cti-accent); opacity: .14; }

  .filter { width: 14rem; max-width: 50%; }
  .table { padding: 0; margin-top: 8px; overflow: auto; max-height: 70vh; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: 7px 12px; font-weight: 400; vertical-align: baseline; }
  thead th { position: sticky; top: 0; background: var(--cti-surface); font-size: 12px; color: var(--cti-muted); box-shadow: inset 0 -1px var(--cti-line); }
  thead button.quiet { padding: 0; min-height: 28px; font-size: 12px; }
  tbody tr + tr > * { border-top: 1px solid var(--cti-line); }
  tbody th { font-weight: 600; }
  .pill { background: var(--ground); color: var(--ink); font-weight: 550; font-size: 12px; padding: 2px 9px; border-radius: 99px; white-space: nowrap; }
  .call { display: block; white-space: nowrap; }
  .none { padding: 24px; text-align: center; }
  .reconnecting :is(.summary, .queues, .table) { opacity: .6; }
  @container (max-width: 560px) {
    .phone { display: none; }
    th, td { padding: 7px 8px; }
  }
`;
