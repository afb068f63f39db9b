import { Stepper } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { PageHeader } from "@/ui/Layout";
import { ErrorState, Loading } from "@/ui/States";
import { useUrlState } from "@/ui/table/useUrlState";
import { CallsStep } from "./CallsStep";
import { Catalogue } from "./Catalogue";
import { CheckStep } from "./CheckStep";
import { connectionQuery, connectorsQuery } from "./query";
import { SetupStep } from "./SetupStep";
import { SyncStep } from "./SyncStep";

const TITLES = { choose: "Choose", setup: "Set up", check: "Check", read: "Read", calls: "Receive" };
type Step = keyof typeof TITLES;

/** The steps of a connector: what only receives calls has nothing to check and nothing to read. */
function stepsOf(capabilities: string[] = ["access", "config"]): Step[] {
  const check: Step[] = capabilities.includes("access") ? ["check"] : [];
  return ["choose", "setup", ...check, capabilities.includes("config") ? "read" : "calls"];
}

/** Choose → set up → check → read or receive. The draft is stored, so the wizard can be left and resumed. */
export default function NewConnectionPage() {
  const [search, patch] = useUrlState();
  const id = search["connection"];
  const [step, setStep] = useState(id ? 1 : 0);
  const connectors = useQuery(connectorsQuery);
  const connection = useQuery({ ...connectionQuery(id ?? ""), enabled: Boolean(id) });
  const connector = connectors.data?.find((item) => item.key === connection.data?.connector);
  const steps = stepsOf(connector?.capabilities);
  const active = id ? Math.max(1, step) : 0;
  const shown = steps[active];
  const next = () => setStep(active + 1);
  return (
    <>
      <PageHeader
        title={connector ? `Connect ${connector.title}` : "Connect a gateway or firewall"}
        crumb={{ label: "Connections", to: "/connections" }}
        lead="Reading needs a least-privilege permission. Writing, which blocking needs, is a second and optional one."
      />
      <Stepper active={active} onStepClick={setStep} allowNextStepsSelect={false} size="sm" mb={20}>
        {steps.map((name) => (
          <Stepper.Step key={name} label={TITLES[name]} />
        ))}
      </Stepper>
      {shown === "choose" ? (
        <Catalogue
          chosen={search["connector"]}
          onChoose={(key) => patch({ connector: key })}
          onCreated={(created) => {
            patch({ connection: created.id, connector: undefined });
            setStep(1);
          }}
        />
      ) : null}
      {id && (connection.isPending || connectors.isPending) ? <Loading /> : null}
      {connection.isError && !connection.data ? (
        <ErrorState error={connection.error} retry={() => void connection.refetch()} />
      ) : null}
      {shown === "setup" && connection.data && connector ? (
        <SetupStep connection={connection.data} connector={connector} onDone={next} />
      ) : null}
      {shown === "check" && connection.data ? (
        <CheckStep
          connection={connection.data}
          next={steps.includes("read") ? "Read the configuration" : "Wait for calls"}
          onBack={() => setStep(1)}
          onDone={next}
        />
      ) : null}
      {shown === "read" && connection.data ? <SyncStep connection={connection.data} /> : null}
      {shown === "calls" && connection.data ? <CallsStep connection={connection.data} /> : null}
    </>
  );
}
