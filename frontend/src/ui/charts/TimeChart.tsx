import { Skeleton, useComputedColorScheme } from "@mantine/core";
import { useReducedMotion } from "@mantine/hooks";
import type { EChartsCoreOption } from "echarts/core";
import { lazy, Suspense, useMemo } from "react";
import { compact, integer, moment } from "../format";

const EChart = lazy(() => import("./EChart"));

export interface TimeSeries {
  name: string;
  /** One value per time; null where nothing is known. */
  values: (number | null)[];
  /** Name of a colour token, such as "accent" or "critical-fill". */
  color: string;
  kind?: "area" | "line" | "bar";
  stack?: string;
  dashed?: boolean;
}

interface TimeChartProps {
  label: string;
  at: string[];
  series: TimeSeries[];
  height?: number;
  unit?: string;
}

const token = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function toOption({ at, series, unit }: TimeChartProps, animate: boolean): EChartsCoreOption {
  const ink = token("ink-3");
  const line = token("line");
  const suffix = unit ? ` ${unit}` : "";
  return {
    animation: animate,
    animationDuration: 250,
    textStyle: { fontFamily: "Roboto, system-ui, sans-serif" },
    grid: {
      left: 8,
      right: 12,
      top: series.length > 1 ? 30 : 12,
      bottom: 4,
      outerBoundsMode: "same",
      outerBoundsContain: "axisLabel",
    },
    legend:
      series.length > 1
        ? {
            top: 0,
            left: 0,
            icon: "roundRect",
            itemWidth: 10,
            itemHeight: 10,
            itemGap: 16,
            textStyle: { color: token("ink-2"), fontSize: 12 },
          }
        : undefined,
    tooltip: {
      trigger: "axis",
      backgroundColor: token("surface"),
      borderColor: token("line-strong"),
      textStyle: { color: token("ink"), fontSize: 12 },
      valueFormatter: (value: unknown) =>
        typeof value === "number" ? `${integer(value)}${suffix}` : "not known",
    },
    xAxis: {
      type: "time",
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: {
        color: ink,
        fontSize: 11,
        hideOverlap: true,
        formatter: { day: "{d} {MMM}", hour: "{HH}:{mm}", minute: "{HH}:{mm}" },
      },
      splitLine: { show: false },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      splitNumber: 4,
      axisLabel: { color: ink, fontSize: 11, formatter: (value: number) => compact(value) },
      splitLine: { lineStyle: { color: line } },
    },
    series: series.map((item) => ({
      name: item.name,
      type: item.kind === "bar" ? "bar" : "line",
      stack: item.stack,
      data: at.map((time, index) => [time, item.values[index] ?? null]),
      showSymbol: at.length < 3,
      barMaxWidth: 14,
      lineStyle: { width: 1.75, type: item.dashed ? "dashed" : "solid" },
      itemStyle: { color: token(item.color), borderRadius: item.kind === "bar" ? [2, 2, 0, 0] : 0 },
      areaStyle: item.kind === "area" ? { color: token(item.color), opacity: 0.12 } : undefined,
    })),
  };
}

/** One sentence that says what the picture shows, for people who do not see it. */
function summary({ label, at, series, unit }: TimeChartProps): string {
  const first = at[0];
  const last = at.at(-1);
  if (!first || !last) return `${label}: no data yet.`;
  const parts = series.map((item) => {
    const known = item.values.filter((value): value is number => value !== null);
    const total = known.reduce((sum, value) => sum + value, 0);
    return known.length
      ? `${item.name} ${integer(total)} in total, at most ${integer(Math.max(...known))}${unit ? ` ${unit}` : ""}`
      : `${item.name} not known`;
  });
  return `${label}, ${moment(first)} to ${moment(last)}: ${parts.join("; ")}.`;
}

export function TimeChart(props: TimeChartProps) {
  const { at, series, height = 220 } = props;
  const scheme = useComputedColorScheme("light");
  const still = useReducedMotion();
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the tokens change with the scheme
  const option = useMemo(() => toOption(props, !still), [at, series, scheme, still]);
  if (!at.length) return <p className="muted">No calls in this time yet. The chart fills as they arrive.</p>;
  return (
    <div role="img" aria-label={summary(props)}>
      <Suspense fallback={<Skeleton height={height} />}>
        <EChart option={option} height={height} />
      </Suspense>
    </div>
  );
}
