import { svg, html, type TemplateResult } from "lit";

const [width, height] = [120, 32];

/** Each run of points of which something is known, as its first place and its values. */
function runs(points: readonly (number | undefined)[]): [number, number[]][] {
  const found: [number, number[]][] = [];
  points.forEach((value, i) => {
    if (value === undefined) return;
    if (i > 0 && points[i - 1] !== undefined) found.at(-1)![1].push(value);
    else found.push([i, [value]]);
  });
  return found;
}

/** A line of steps through the points; nothing where nothing is known. */
export function spark(points: readonly (number | undefined)[], label: string): TemplateResult {
  const top = Math.max(1, ...points.map((p) => p ?? 0));
  const x = (i: number) => ((i / points.length) * width).toFixed(2);
  const y = (value: number) => (height - 1 - (value / top) * (height - 4)).toFixed(1);
  const line = ([from, values]: [number, number[]]) => {
    const steps = values.flatMap((value, i) => [`${x(from + i)},${y(value)}`, `${x(from + i + 1)},${y(value)}`]).join(" ");
    return svg`<polygon points="${x(from)},${height} ${steps} ${x(from + values.length)},${height}"></polygon><polyline points=${steps}></polyline>`;
  };
  return html`<svg class="spark" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label=${label}>
    <line x1="0" x2=${width} y1=${height - 1} y2=${height - 1}></line>${runs(points).map(line)}
  </svg>`;
}
