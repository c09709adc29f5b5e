// A chart (uPlot), with a sentence that says the same; tables beside it hold the figures.
import { html, useEffect, useRef } from "./dom.js";
import Plot from "./vendor/uplot.mjs";

const HIGH = 200, DAY_S = 86_400;
const dayOf = (at) => new Date(at * 1000).toLocaleDateString(undefined, { day: "numeric", month: "short", timeZone: "UTC" });

/** `x` are numbers, or seconds (`isTime`), or days in seconds of UTC (`isDays`); `series` lists of as many values each with a label. */
export function Chart({ title, x, series, isTime = false, isDays = false, summary }) {
  const box = useRef(), plot = useRef();
  const data = [x, ...series.map((one) => one.values)];
  useEffect(() => {
    const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const axis = { stroke: colour("soft"), font: `12px ${colour("sans")}`, grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
    plot.current = new Plot({
      width: box.current.clientWidth || 300, height: HIGH, cursor: { drag: { x: false, y: false } }, legend: { show: series.length > 1 },
      scales: { x: { time: isTime || isDays }, y: { range: (_, least, most) => [Math.min(0, least), most > 0 ? most * 1.1 : 1] } },
      ...(isDays ? { tzDate: (at) => Plot.tzDate(new Date(at * 1000), "Etc/UTC") } : {}),
      axes: [isDays ? { ...axis, incrs: [1, 7, 28, 91, 364].map((days) => days * DAY_S), values: (_, all) => all.map(dayOf) } : axis, { ...axis, size: 64 }],
      series: [{}, ...series.map((one, n) => ({ label: one.label, stroke: colour(n ? "good" : "rubric"), width: 2, dash: n ? [6, 4] : [], points: { show: x.length < 60, size: 5 } }))],
    }, data, box.current);
    const sizes = new ResizeObserver(() => box.current && plot.current?.setSize({ width: box.current.clientWidth, height: HIGH }));
    sizes.observe(box.current);
    return () => { sizes.disconnect(); plot.current.destroy(); plot.current = null; };
  }, [title, document.documentElement.dataset.theme]);
  useEffect(() => { plot.current?.setData(data); }, [JSON.stringify(data)]);
  return html`<figure class="chart"><figcaption>${title}. <span class="quiet">${summary}</span></figcaption><div ref=${box} role="img" aria-label=${`${title}. ${summary}`}></div></figure>`;
}
