import { svg, html, type TemplateResult } from "lit";
import type { Series } from "./series.ts";

const [width, height] = [120, 32];

/** The last hour, a step for each half minute; nothing before the first that is known. */
export function spark(series: Series, now: number): TemplateResult {
  const points = series.points(now);
  const top = Math.max(1, series.most);
  const x = (i: number) => ((i / points.length) * width).toFixed(2);
  const y = (value: number) => (height - 1 - (value / top) * (height - 4)).toFixed(1);
  const steps = points.flatMap((value, i) => (value === undefined ? [] : [`${x(i)},${y(value)}`, `${x(i + 1)},${y(value)}`]));
  const first = steps[0]?.split(",")[0];
  return html`<svg class="spark" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="Calls waiting in the last hour: at most ${series.most}">
    <line x1="0" x2=${width} y1=${height - 1} y2=${height - 1}></line>
    ${first ? svg`<polygon points="${first},${height} ${steps.join(" ")} ${width},${height}"></polygon><polyline points=${steps.join(" ")}></polyline>` : ""}
  </svg>`;
}
