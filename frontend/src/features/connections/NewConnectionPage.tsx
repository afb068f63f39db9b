import { Stepper } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { PageHeader } from "@/ui/Layout";
import { ErrorState, Loading } from "@/ui/States";
import { useUrlState } from "@/ui/table/useUrlState";
import { Catalogue } from "./Catalogue";
import { CheckStep } from "./CheckStep";
import { connectionQuery, connectorsQuery } from "./query";
import { SetupStep } from "./SetupStep";
import { SyncStep } from "./SyncStep";

const titles = ["Choose", "Set up", "Check", "Read"];

/** Choose → set up → check → read. The draft is stored, so the wizard can be left and resumed. */
export default function NewConnectionPage() {
  const [search, patch] = useUrlState();
  const id = search["connection"];
  const [step, setStep] = useState(id ? 1 : 0);
  const connectors = useQuery(connectorsQuery);
  const connection = useQuery({ ...connectionQuery(id ?? ""), enabled: Boolean(id) });
  const connector = connectors.data?.find((item) => item.key === connection.data?.connector);
  const shown = id ? Math.max(1, step) : 0;
  return (
    <>
      <PageHeader
        title={connector ? `Connect ${connector.title}` : "Connect a gateway or firewall"}
        crumb={{ label: "Connections", to: "/connections" }}
        lead="Reading needs a least-privilege permission. Writing, which blocking needs, is a second and optional one."
      />
      <Stepper active={shown} onStepClick={setStep} allowNextStepsSelect={false} size="sm" mb={20}>
        {titles.map((title) => (
          <Stepper.Step key={title} label={title} />
        ))}
      </Stepper>
      {shown === 0 ? (
        <Catalogue
          chosen={search["connector"]}
          onChoose={(key) => patch({ connector: key })}
          onCreated={(created) => {
            patch({ connection: created.id, connector: undefined });
            setStep(1);
          }}
        />
      ) : null}
      {shown > 0 && (connection.isPending || connectors.isPending) ? <Loading /> : null}
      {connection.isError && !connection.data ? (
        <ErrorState error={connection.error} retry={() => void connection.refetch()} />
      ) : null}
      {shown === 1 && connection.data && connector ? (
        <SetupStep connection={connection.data} connector={connector} onDone={() => setStep(2)} />
      ) : null}
      {shown === 2 && connection.data ? (
        <CheckStep connection={connection.data} onBack={() => setStep(1)} onDone={() => setStep(3)} />
      ) : null}
      {shown === 3 && connection.data ? <SyncStep connection={connection.data} /> : null}
    </>
  );
}
