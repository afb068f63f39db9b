import { Accordion } from "@mantine/core";
import type { EndpointDetail } from "@/api/types";
import { JsonDocument } from "@/ui/CodeBlock";
import { integer, spelled, words } from "@/ui/format";
import { Facts, Panel } from "@/ui/Layout";
import { ConnectionLink } from "@/features/connections/ConnectionLink";

function firewall(waf: NonNullable<EndpointDetail["waf"]>): string {
  if (waf.state === "unknown") return `not known: ${waf.note || "no connected firewall covers this host"}`;
  return [waf.policy ? `${words(waf.state)} by ${waf.policy}.` : `${words(waf.state)}.`, waf.note]
    .filter(Boolean)
    .join(" ");
}

type RateLimit = NonNullable<EndpointDetail["rate_limits"]>[number];

function rateLimit({ limit, window_seconds: seconds, key, source }: RateLimit): string {
  const time = spelled(seconds).replace(/^1 /, "");
  const whose = { key: "API key", ip: "address", api: "API" }[key] ?? words(key).toLowerCase();
  return `${integer(limit)} requests per ${time} for each ${whose}${source ? ` (${source})` : ""}`;
}

/** Where the endpoint is declared, with the vendor's own document as evidence. */
export function Routes({ endpoint }: { endpoint: EndpointDetail }) {
  const { routes, rate_limits: limits, waf } = endpoint;
  return (
    <Panel title="Where it is served">
      <Facts
        rows={[
          ["Firewall", waf ? firewall(waf) : "not known: no connected firewall covers this host"],
          [
            "Rate limit",
            limits === null
              ? "not known"
              : limits.length
                ? limits.map(rateLimit).join("; ")
                : "none declared",
          ],
        ]}
      />
      {routes.length ? (
        <Accordion variant="separated" mt={14} chevronPosition="left">
          {routes.map((route) => (
            <Accordion.Item key={route.connection_id + route.ref} value={route.connection_id + route.ref}>
              <Accordion.Control>
                <span className="mono">{route.ref}</span>
                {route.stage ? <span className="muted"> stage {route.stage}</span> : null}
              </Accordion.Control>
              <Accordion.Panel>
                <Facts
                  rows={[
                    [
                      "Upstream",
                      <span key="u" className="mono">
                        {route.upstream ?? "not declared"}
                      </span>,
                    ],
                    ["Connection", <ConnectionLink key="n" id={route.connection_id} />],
                  ]}
                />
                <div style={{ marginTop: 10 }}>
                  <JsonDocument value={route.evidence} title="Document as read from the vendor" />
                </div>
              </Accordion.Panel>
            </Accordion.Item>
          ))}
        </Accordion>
      ) : (
        <p className="muted" style={{ fontSize: 13 }}>
          No configuration declares this endpoint. It is known from calls only.
        </p>
      )}
    </Panel>
  );
}
