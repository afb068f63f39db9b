import { Accordion, Alert, Group } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { LiveTarget } from "@/api/types";
import { JsonDocument } from "@/ui/CodeBlock";
import { words } from "@/ui/format";
import { Time } from "@/ui/Layout";
import { TargetStatePill } from "./names";

/** Each target's state as last read from the vendor, with the vendor's own documents. */
export function LiveTargets({ targets }: { targets: LiveTarget[] }) {
  return (
    <div style={{ display: "grid", gap: 18, gridTemplateColumns: "minmax(0, 1fr)" }}>
      {targets.map((target) => (
        <div key={target.connection_id + target.ref}>
          <Group gap={10} mb={6}>
            <TargetStatePill state={target.state} />
            <Link to="/connections/$id" params={{ id: target.connection_id }} style={{ fontWeight: 500 }}>
              {target.name}
            </Link>
            <span className="muted" style={{ fontSize: 13 }}>
              read back <Time at={target.read_back_at} none="not yet" />
            </span>
          </Group>
          {target.error ? (
            <Alert color="red" mb={8}>
              {target.error}
            </Alert>
          ) : null}
          {target.vendor_objects.length ? (
            <Accordion variant="separated" chevronPosition="left">
              {target.vendor_objects.map((object) => (
                <Accordion.Item key={object.kind + object.name} value={object.kind + object.name}>
                  <Accordion.Control>
                    {words(object.kind)} <span className="mono">{object.name}</span>
                  </Accordion.Control>
                  <Accordion.Panel>
                    <JsonDocument value={object.document} title={object.name} />
                  </Accordion.Panel>
                </Accordion.Item>
              ))}
            </Accordion>
          ) : (
            <p className="muted" style={{ margin: 0, fontSize: 13 }}>
              No object of ours was read at this target.
            </p>
          )}
        </div>
      ))}
    </div>
  );
}
