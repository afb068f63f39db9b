import { useInterval } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { duration, moment } from "@/ui/format";

/** Time left until a block ends by itself. Screen readers hear the fixed time, not each second. */
export function Countdown({ to }: { to: string | null }) {
  const [now, setNow] = useState(() => Date.now());
  const tick = useInterval(() => setNow(Date.now()), 1000);
  useEffect(() => {
    tick.start();
    return tick.stop;
    // eslint-disable-next-line react-hooks/exhaustive-deps -- started once
  }, []);
  if (!to) return <span className="muted">no expiry</span>;
  const left = (Date.parse(to) - now) / 1000;
  return (
    <time dateTime={to} title={moment(to)} aria-label={`Expires ${moment(to)}`} className="nowrap">
      {left > 0 ? duration(left) : "due"}
    </time>
  );
}
