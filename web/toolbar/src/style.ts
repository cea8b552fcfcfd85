import { css } from "lit";

/** Colours and sizes. Each pair of text and ground has a contrast of 4.5 or more, in light and dark. */
export const tokens = css`
  :host {
    --cti-ground: light-dark(#f4f5f8, #0f1218);
    --cti-surface: light-dark(#ffffff, #191e27);
    --cti-raised: light-dark(#f4f6fa, #222834);
    --cti-line: light-dark(#dfe3ea, #303846);
    --cti-edge: light-dark(#868f9e, #737e90);
    --cti-text: light-dark(#161b26, #eef1f6);
    --cti-muted: light-dark(#566070, #a6b0bf);
    --cti-accent: light-dark(#2952cc, #9db8ff);
    --cti-accent-fill: light-dark(#2952cc, #4169d6);
    --cti-ok-fill: light-dark(#0b6b42, #147a50);
    --cti-bad-fill: light-dark(#ac1f1a, #c4352f);
    --cti-on-fill: #ffffff;
    --cti-ok: light-dark(#0b6b42, #6fdba6);
    --cti-ok-ground: light-dark(#e3f5ec, #143126);
    --cti-busy: light-dark(#1d55b8, #9cc2ff);
    --cti-busy-ground: light-dark(#e6effd, #18294a);
    --cti-warn: light-dark(#854a00, #ffca7a);
    --cti-warn-ground: light-dark(#fdf1de, #362811);
    --cti-bad: light-dark(#ac1f1a, #ff9d96);
    --cti-bad-ground: light-dark(#fdeaea, #3d1b1b);
    --cti-off: light-dark(#4f5866, #b3bcc9);
    --cti-off-ground: light-dark(#e9ecf1, #2a313d);
    --cti-radius: 12px;
    --cti-shadow: 0 1px 2px light-dark(#10182814, #0006), 0 4px 14px light-dark(#1018280d, #0004);
    color-scheme: light dark;
    color: var(--cti-text);
    font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  }
  :host([theme="light"]) { color-scheme: light; }
  :host([theme="dark"]) { color-scheme: dark; }
`;

/** What all parts have. */
export const shared = css`
  *, *::before, *::after { box-sizing: border-box; }
  :host { display: block; }
  :host([hidden]), [hidden] { display: none !important; }
  h1, h2, h3, p, dl, dd, ul, ol { margin: 0; padding: 0; }
  ul, ol { list-style: none; }
  h2 { font-size: 12px; font-weight: 600; color: var(--cti-muted); letter-spacing: .02em; }
  [role="alert"]:empty { display: none; }
  .card {
    background: var(--cti-surface); border: 1px solid var(--cti-line); border-radius: var(--cti-radius);
    box-shadow: var(--cti-shadow); padding: 14px;
  }
  .time { font-variant-numeric: tabular-nums; }
  .muted { color: var(--cti-muted); }
  .row { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; }
  .grow { flex: 1; min-width: 0; }
  .actions { display: flex; flex-wrap: wrap; gap: 8px; }
  .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

  button {
    font: inherit; font-weight: 500; color: var(--cti-text); background: var(--cti-surface); cursor: pointer;
    border: 1px solid var(--cti-edge); border-radius: 9px; min-height: 36px; padding: 6px 12px;
    display: inline-flex; align-items: center; justify-content: center; gap: 7px; text-align: center;
  }
  button:hover { background: var(--cti-raised); }
  button:disabled { cursor: default; color: var(--cti-muted); background: var(--cti-raised); border-color: var(--cti-line); }
  button[aria-busy="true"] { cursor: progress; }
  button.main { background: var(--cti-accent-fill); color: var(--cti-on-fill); border-color: transparent; }
  button.go { background: var(--cti-ok-fill); color: var(--cti-on-fill); border-color: transparent; }
  button.end { background: var(--cti-bad-fill); color: var(--cti-on-fill); border-color: transparent; }
  button.main:hover, button.go:hover, button.end:hover { filter: brightness(1.08); }
  button.main:disabled, button.go:disabled, button.end:disabled { background: var(--cti-raised); color: var(--cti-muted); filter: none; }
  button.quiet { border-color: transparent; background: transparent; color: var(--cti-muted); padding: 6px 8px; }
  button.quiet:hover { background: var(--cti-raised); color: var(--cti-text); }
  button[aria-pressed="true"], button[aria-expanded="true"] { background: var(--cti-raised); border-color: var(--cti-text); color: var(--cti-text); }
  button svg { flex: none; }

  label { display: block; font-size: 12px; font-weight: 550; color: var(--cti-muted); }
  label > span { display: block; margin-bottom: 4px; }
  input {
    font: inherit; color: var(--cti-text); background: var(--cti-surface); width: 100%; min-width: 0; min-height: 36px;
    border: 1px solid var(--cti-edge); border-radius: 9px; padding: 6px 10px;
  }
  input::placeholder { color: var(--cti-muted); opacity: 1; }
  :is(button, input, a, summary):focus-visible { outline: 2px solid var(--cti-accent); outline-offset: 2px; }
  a { color: var(--cti-accent); }
  .form { display: grid; gap: 12px; }
  .inset { background: var(--cti-raised); border-radius: 10px; padding: 12px; margin-top: 12px; }

  @media (prefers-reduced-motion: reduce) {
    *, *::before, *::after { animation: none !important; transition: none !important; }
  }
  @media (forced-colors: active) {
    button { border-color: ButtonText; }
  }
`;
