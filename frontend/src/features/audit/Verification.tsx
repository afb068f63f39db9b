import { Alert, Button, Group, Stack } from "@mantine/core";
import { IconAlertOctagon, IconCircleCheck } from "@tabler/icons-react";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { AuditHead, AuditVerdict } from "@/api/types";
import { integer, moment, plural } from "@/ui/format";
import { Time } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { download } from "@/ui/table/csv";
import { useWait } from "@/ui/useWait";

/** Recomputes every hash and compares with what was signed; for those who trust nobody, the means to do it elsewhere. */
export function Verification() {
  const verify = useChange({
    run: () => unwrap(api.POST("/audit/verify", { params: { path: {} }, body: {} })),
    touches: [],
    quiet: true,
  });
  const key = useChange({
    run: () => unwrap(api.GET("/audit/key", { params: { path: {} } })),
    touches: [],
    onDone: (found) => download(`audit-key-${found.id}.pem`, found.pem, "application/x-pem-file"),
  });
  const wait = useWait(verify.error);
  return (
    <Stack gap={12}>
      <Group gap={8}>
        <Button loading={verify.isPending} disabled={wait > 0} onClick={() => verify.mutate()}>
          Verify the chain
        </Button>
        <Button variant="default" loading={key.isPending} onClick={() => key.mutate()}>
          Public key
        </Button>
        <Button variant="default" component="a" href="/api/v1/audit/heads" download="audit-heads.jsonl">
          Signed heads
        </Button>
        <span className="muted" style={{ fontSize: 13 }}>
          Keep the key and the heads outside of Portcullis, and you can show what was here.
        </span>
      </Group>
      <FormProblem error={verify.error} />
      <div aria-live="polite">{verify.data ? <Verdict verdict={verify.data} /> : null}</div>
    </Stack>
  );
}

function Verdict({ verdict }: { verdict: AuditVerdict }) {
  const broken = !verdict.ok;
  return (
    <Alert
      color={broken ? "red" : "green"}
      icon={broken ? <IconAlertOctagon size={18} aria-hidden /> : <IconCircleCheck size={18} aria-hidden />}
      title={broken ? titleOf(verdict) : `Unbroken over ${plural(verdict.checked, "entry", "entries")}`}
    >
      {broken ? (
        <>
          {verdict.fault} {plural(verdict.checked, "entry was", "entries were")} recomputed before that.
          Export the trail, keep it, and compare it with the signed heads you kept elsewhere: the entries up
          to the last one that holds can be trusted.
        </>
      ) : null}
      <Signed head={verdict.signed} />
      {verdict.restored.map((head) => (
        <div key={`${head.sequence}${head.at}`}>
          On {moment(head.at)} the workspace was restored from a copy that ends at entry{" "}
          {integer(head.sequence)}
          {head.reason ? `: ${head.reason}` : "."}
        </div>
      ))}
    </Alert>
  );
}

function titleOf({ sequence, until }: AuditVerdict): string {
  if (sequence === null) return "The trail does not hold";
  return until !== null && until !== sequence
    ? `Broken between entries ${integer(sequence)} and ${integer(until)}`
    : `Broken at entry ${integer(sequence)}`;
}

function Signed({ head }: { head: AuditHead | null }) {
  if (!head) return <div>Nothing was signed yet.</div>;
  return (
    <div>
      Signed up to entry {integer(head.sequence)} <Time at={head.at} /> with key{" "}
      <span className="mono">{head.key}</span>.
    </div>
  );
}
