import { Radio, Stack } from "@mantine/core";
import type { Preview, Stage } from "@/api/types";
import { percent, plural, spelled } from "@/ui/format";
import { Facts, Panel } from "@/ui/Layout";
import type { Draft } from "./draft";
import css from "./Gates.module.css";
import { actionName, describeMatch } from "./names";

interface ConfirmStepProps {
  draft: Draft;
  preview: Preview;
  stage: Stage;
  onStage: (stage: Stage) => void;
}

/** The last look: count first or enforce now, with everything named once more. */
export function ConfirmStep({ draft, preview, stage, onStage }: ConfirmStepProps) {
  const names = preview.targets.map((target) => target.name);
  return (
    <Stack gap={16}>
      <Radio.Group label="How to start" value={stage} onChange={(value) => onStage(value as Stage)}>
        <div className={css["stage"]} style={{ marginTop: 8 }}>
          <div className={css["choice"]} data-checked={stage === "count"}>
            <Radio
              value="count"
              label="Count first"
              description="The vendor counts what would be hit and lets it pass. Promote it to a block when the numbers look right."
            />
          </div>
          <div className={css["choice"]} data-checked={stage === "block"}>
            <Radio
              value="block"
              label={draft.action === "rate_limit" ? "Limit now" : "Block now"}
              description="Takes effect as soon as it is read back from the vendor. Undo stays one click away."
            />
          </div>
        </div>
      </Radio.Group>
      <Panel title="What will happen">
        <Facts
          rows={[
            ["Action", actionName[draft.action]],
            ["Match", `calls ${describeMatch(draft.match)}`],
            ["Where", names.join(", ") || "nowhere: choose a target"],
            ["Ends after", spelled(draft.ttl)],
            [
              "Past effect",
              `${plural(preview.effect.requests, "request")} in the window, ${percent(preview.effect.share_of_good)} of known-good traffic`,
            ],
            ["Reason", draft.reason.text],
          ]}
        />
      </Panel>
    </Stack>
  );
}
