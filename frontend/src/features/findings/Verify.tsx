import { Button, Stack } from "@mantine/core";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useCan } from "@/api/session";
import { Pill } from "@/ui/Badges";
import { FormProblem } from "@/ui/Problem";

/** Reads the source again now, instead of waiting for the next sync. */
export function Verify({ id }: { id: string }) {
  const can = useCan("findings.write");
  const verify = useChange({
    run: () => unwrap(api.POST("/findings/{id}/verify", { params: { path: { id } } })),
    touches: [["findings"], ["overview"]],
    quiet: true,
  });
  const answer = verify.data;
  return (
    <Stack gap={10} align="flex-start">
      <p className="soft" style={{ margin: 0, fontSize: 13 }}>
        Reads the configuration again and runs this one check.
      </p>
      <Button variant="default" loading={verify.isPending} disabled={!can} onClick={() => verify.mutate()}>
        Verify now
      </Button>
      {can ? null : <span className="muted">Your role cannot verify findings.</span>}
      <div aria-live="polite">
        {answer ? (
          <Stack gap={6} align="flex-start">
            <Pill
              tone={answer.still_present === null ? "unknown" : answer.still_present ? "high" : "ok"}
              icon
            >
              {answer.still_present === null
                ? "Not known"
                : answer.still_present
                  ? "Still present"
                  : "No longer present"}
            </Pill>
            <span style={{ fontSize: 13 }}>{answer.sentence}</span>
          </Stack>
        ) : null}
      </div>
      <FormProblem error={verify.error} />
    </Stack>
  );
}
