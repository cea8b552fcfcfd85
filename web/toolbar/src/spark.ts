import { svg, html, type TemplateResult } from "lit";
import type { Series } from "./series.ts";

const [width, height] = [120, 32];

/** A line of the last hour. */
export function spark(series: Series, now: number): TemplateResult {
  const points = series.points(now);
  const top = Math.max(1, series.most);
  const line = points
    .map((value, i) => (value === undefined ? "" : `${((i / (points.length - 1)) * width).toFixed(1)},${(height - 2 - (value / top) * (height - 6)).toFixed(1)}`))
    .filter(Boolean);
  const label = `Calls waiting in the last hour: at most ${series.most}`;
  const first = line[0]?.split(",")[0];
  return html`<svg class="spark" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label=${label}>
    ${line.length > 1 ? svg`<polygon points="${first},${height} ${line.join(" ")} ${width},${height}"></polygon><polyline points=${line.join(" ")}></polyline>` : svg`<polyline points="0,${height - 2} ${width},${height - 2}"></polyline>`}
  </svg>`;
}
