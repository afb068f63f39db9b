import { Button, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useCan } from "@/api/session";
import type { FindingDetail } from "@/api/types";
import { FormProblem } from "@/ui/Problem";
import { words } from "@/ui/format";

/** States a person sets. "Resolved" and "reopened" are set by reads only. */
const CHOICES = ["open", "under_review", "remediating", "risk_accepted", "false_positive"];

const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

export function Triage({ finding }: { finding: FindingDetail }) {
  const can = useCan("findings.write");
  const [status, setStatus] = useState<string>(CHOICES.includes(finding.status) ? finding.status : "open");
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState(inDays(90));
  const needsReason = status === "risk_accepted" || status === "false_positive";
  const change = useChange({
    run: () =>
      unwrap(
        api.PATCH("/findings/{id}", {
          params: { path: { id: finding.id } },
          body: {
            status,
            reason: reason || undefined,
            expires_at: status === "risk_accepted" ? new Date(`${until}T00:00:00Z`).toISOString() : null,
          },
        }),
      ),
    touches: [["findings"], ["overview"]],
    done: "Saved.",
    onDone: () => setReason(""),
    quiet: true,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <Stack gap={10}>
        <Select
          label="Status"
          data={CHOICES.map((value) => ({ value, label: words(value) }))}
          value={status}
          allowDeselect={false}
          disabled={!can}
          onChange={(value) => setStatus(value ?? "open")}
        />
        <Textarea
          label="Reason"
          description={needsReason ? "Needed: it is kept in the history and the audit log." : undefined}
          required={needsReason}
          autosize
          minRows={2}
          disabled={!can}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        {status === "risk_accepted" ? (
          <TextInput
            type="date"
            label="Accepted until"
            description="The finding opens again after this day."
            required
            min={inDays(1)}
            value={until}
            onChange={(event) => setUntil(event.currentTarget.value)}
          />
        ) : null}
        <FormProblem error={change.error} />
        <div>
          <Button type="submit" loading={change.isPending} disabled={!can}>
            Save
          </Button>
        </div>
        {can ? null : <span className="muted">Your role can read findings, not change them.</span>}
      </Stack>
    </form>
  );
}
