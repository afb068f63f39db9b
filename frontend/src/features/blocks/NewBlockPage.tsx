import { Button, Stepper } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useCan } from "@/api/session";
import type { Preview, Stage } from "@/api/types";
import { PageHeader, Panel } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { Loading } from "@/ui/States";
import { useUrlState } from "@/ui/table/useUrlState";
import { ConfirmStep } from "./ConfirmStep";
import { matchIsEmpty, newDraft, toRequest, type Draft } from "./draft";
import css from "./Gates.module.css";
import { GatesStep } from "./GatesStep";
import { MatchStep } from "./MatchStep";
import { PreviewStep } from "./PreviewStep";

/** Match → Preview → Gates → Confirm. Nothing is changed before the last button. */
export default function NewBlockPage() {
  const [search] = useUrlState();
  const actorId = search["actor"];
  const actor = useQuery({
    queryKey: ["actors", actorId],
    queryFn: () => unwrap(api.GET("/actors/{id}", { params: { path: { id: actorId ?? "" } } })),
    enabled: Boolean(actorId),
  });
  if (actorId && actor.isPending) return <Loading />;
  const suggested = actor.data?.suggested_block;
  const draft = newDraft({
    ...(suggested?.match ?? {}),
    ...(search["network"] ? { networks: [search["network"]] } : {}),
    ...(search["path"] ? { path_templates: [search["path"]] } : {}),
    ...(search["method"] ? { methods: [search["method"]] } : {}),
  });
  if (suggested && suggested.action !== "count") draft.action = suggested.action;
  if (actor.data) {
    const threat = actor.data.threats[0];
    draft.reason = {
      kind: threat ? "threat" : "manual",
      id: threat?.id ?? null,
      text: suggested?.reason ?? `Actor ${actor.data.label}`,
    };
  } else if (search["finding"]) {
    draft.reason = { kind: "finding", id: search["finding"], text: "" };
  }
  return <Flow initial={draft} />;
}

const titles = ["Match", "Preview", "Gates", "Confirm"];

function Flow({ initial }: { initial: Draft }) {
  const navigate = useNavigate();
  const canPush = useCan("blocks.push");
  const [step, setStep] = useState(0);
  const [draft, setDraft] = useState(initial);
  const [stage, setStage] = useState<Stage>("count");
  const [preview, setPreview] = useState<Preview | null>(null);
  const ask = useChange({
    run: () => unwrap(api.POST("/blocks/preview", { params: { path: {} }, body: toRequest(draft) })),
    touches: [],
    quiet: true,
    onDone: (answer) => {
      setPreview(answer);
      setStep(1);
    },
  });
  const push = useChange({
    run: () => {
      if (!preview) throw new Error("Ask for a preview first.");
      return unwrap(
        api.POST("/blocks", {
          params: { path: {} },
          body: { preview_id: preview.preview_id, stage, reason: draft.reason },
        }),
      );
    },
    touches: [["blocks"], ["overview"], ["actors"], ["threats"]],
    quiet: true,
    onDone: (block) => void navigate({ to: "/blocks/$id", params: { id: block.id } }),
  });
  useEffect(() => {
    window.scrollTo({ top: 0 });
  }, [step]);
  const change = (next: Draft): void => {
    setDraft(next);
    setPreview(null);
  };
  const missing = matchIsEmpty(draft.match)
    ? "Add at least one thing to match."
    : draft.reason.text.trim()
      ? null
      : "Say why.";
  return (
    <>
      <PageHeader
        title="Preview a block"
        crumb={{ label: "Blocks", to: "/blocks" }}
        lead="Nothing is changed until the last step. The preview replays the match on past calls."
      />
      <Stepper
        active={step}
        onStepClick={(to) => (to < step || preview ? setStep(to) : undefined)}
        size="sm"
        mb={20}
        allowNextStepsSelect={false}
      >
        {titles.map((title) => (
          <Stepper.Step key={title} label={title} />
        ))}
      </Stepper>
      <h2 className="visually-hidden" aria-live="polite">
        Step {step + 1} of {titles.length}: {titles[step]}
      </h2>
      {step === 0 ? (
        <Panel>
          <MatchStep draft={draft} onChange={change} />
        </Panel>
      ) : null}
      {step === 1 && preview ? <PreviewStep preview={preview} /> : null}
      {step === 2 && preview ? <GatesStep preview={preview} /> : null}
      {step === 3 && preview ? (
        <ConfirmStep draft={draft} preview={preview} stage={stage} onStage={setStage} />
      ) : null}
      <div className={css["bar"]}>
        {/* Beside the button that failed: the bar stays in view however long the step is. */}
        <div className={css["problem"]}>
          <FormProblem error={ask.error ?? push.error} />
        </div>
        <Button variant="default" disabled={step === 0} onClick={() => setStep(step - 1)}>
          Back
        </Button>
        <span className="muted" style={{ alignSelf: "center" }} role="status">
          {step === 0
            ? ask.isPending
              ? "Replaying past calls. This can take half a minute."
              : missing
            : step === 3 && !canPush
              ? "Your role can preview blocks, not push them."
              : null}
        </span>
        {step === 0 ? (
          <Button loading={ask.isPending} disabled={missing !== null} onClick={() => ask.mutate()}>
            Run the preview
          </Button>
        ) : null}
        {step === 1 ? <Button onClick={() => setStep(2)}>Check the gates</Button> : null}
        {step === 2 ? (
          <Button disabled={!preview?.allowed || draft.targets.length === 0} onClick={() => setStep(3)}>
            {draft.targets.length ? "Continue" : "Choose a target first"}
          </Button>
        ) : null}
        {step === 3 ? (
          <Button
            color={stage === "block" ? "red" : undefined}
            loading={push.isPending}
            disabled={!canPush}
            onClick={() => push.mutate()}
          >
            {stage === "block"
              ? draft.action === "rate_limit"
                ? "Limit now"
                : "Block now"
              : "Start counting"}
          </Button>
        ) : null}
      </div>
    </>
  );
}
