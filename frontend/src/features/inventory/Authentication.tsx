import type { EndpointDetail } from "@/api/types";
import { Tags } from "@/ui/Badges";
import { StackBar } from "@/ui/charts/Bars";
import { compact, percent } from "@/ui/format";
import { Facts, Panel } from "@/ui/Layout";
import { AuthPill } from "./names";

/** What configuration says next to what calls show. */
export function Authentication({ endpoint }: { endpoint: EndpointDetail }) {
  const seen = endpoint.auth_observed;
  const total = seen.authenticated + seen.anonymous + seen.unknown;
  const part = (n: number): string => (total ? `${compact(n)} (${percent(n / total)})` : "0");
  return (
    <Panel title="Authentication">
      <Facts
        rows={[
          ["Verdict", <AuthPill key="v" verdict={endpoint.auth_verdict} />],
          ["Declared", <Tags key="d" values={endpoint.auth_declared} none="none declared" />],
        ]}
      />
      <div style={{ marginTop: 14 }}>
        <p className="soft" style={{ margin: "0 0 6px", fontSize: 13 }}>
          Observed in calls
        </p>
        {total ? (
          <StackBar
            label="Calls by credential"
            parts={[
              {
                key: "a",
                value: seen.authenticated,
                color: "ok-fill",
                legend: `With credential ${part(seen.authenticated)}`,
              },
              {
                key: "n",
                value: seen.anonymous,
                color: "critical-fill",
                legend: `Without ${part(seen.anonymous)}`,
              },
              {
                key: "u",
                value: seen.unknown,
                color: "info-fill",
                legend: `Not known ${part(seen.unknown)}`,
              },
            ]}
          />
        ) : (
          <p className="muted" style={{ margin: 0, fontSize: 13 }}>
            Not known: no calls have been seen on this endpoint.
          </p>
        )}
      </div>
    </Panel>
  );
}
