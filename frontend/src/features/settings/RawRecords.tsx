import { Button, NumberInput, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useCan } from "@/api/session";
import type { RawWindow } from "@/api/types";
import { bytes, integer } from "@/ui/format";
import { Facts, Time } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { Loaded } from "@/ui/States";

/** How long log records are kept sealed as they came, and what is kept now. */
export function RawRecords() {
  const held = useQuery({
    queryKey: ["raw-window"],
    queryFn: () => unwrap(api.GET("/raw-window", { params: { path: {} } })),
  });
  return (
    <Loaded query={held}>
      {(data) => (
        <Stack>
          <p className="soft" style={{ margin: 0, fontSize: 13, maxWidth: "75ch" }}>
            Log records are kept for a while as they came, encrypted with a key of their own for each day, so
            that a new signature can look back at headers and bodies too. Calls themselves never hold those. 0
            hours keeps none.
          </p>
          <HoursForm key={data.hours} held={data} />
          <Facts
            rows={[
              ["Records kept", integer(data.records)],
              ["Size on disk", bytes(data.bytes)],
              ["Oldest", data.oldest_at ? <Time key="o" at={data.oldest_at} /> : "nothing is kept"],
            ]}
          />
        </Stack>
      )}
    </Loaded>
  );
}

function HoursForm({ held }: { held: RawWindow }) {
  const can = useCan("tenant.write");
  const [hours, setHours] = useState<number | string>(held.hours);
  const save = useChange({
    run: () => unwrap(api.PATCH("/raw-window", { params: { path: {} }, body: { hours: Number(hours) } })),
    touches: [["raw-window"]],
    done: "Saved. What is older is deleted within minutes.",
    quiet: true,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack align="flex-start">
        <NumberInput
          label="Hours kept"
          description={can ? `0 to ${integer(held.max_hours)}` : "Admins and owners change it."}
          required
          w="100%"
          maw={200}
          min={0}
          max={held.max_hours}
          allowDecimal={false}
          disabled={!can}
          value={hours}
          error={fieldErrors(save.error)["hours"]}
          onChange={setHours}
        />
        <FormProblem error={save.error} beside={["hours"]} />
        {can ? (
          <Button
            type="submit"
            loading={save.isPending}
            disabled={hours === "" || Number(hours) === held.hours}
          >
            Save
          </Button>
        ) : null}
      </Stack>
    </form>
  );
}
