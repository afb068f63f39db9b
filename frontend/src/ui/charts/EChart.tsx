import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use as register, type EChartsCoreOption } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";

register([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

/** Draws an option and follows the size of its box. Loaded on demand: the library is large. */
export default function EChart({ option, height }: { option: EChartsCoreOption; height: number }) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ReturnType<typeof init>>(null);
  const latest = useRef(option);
  useEffect(() => {
    latest.current = option;
    chart.current?.setOption(option, { notMerge: true });
  }, [option]);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    // A box without size (a hidden tab) is drawn once it gets one.
    const fit = (): void => {
      if (element.clientWidth === 0) return;
      if (chart.current) {
        chart.current.resize();
        return;
      }
      chart.current = init(element, undefined, { renderer: "svg" });
      chart.current.setOption(latest.current);
    };
    fit();
    const watch = new ResizeObserver(fit);
    watch.observe(element);
    return () => {
      watch.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);
  return <div ref={box} style={{ height }} aria-hidden />;
}
