import { Alert, Stack } from "@mantine/core";
import { IconHandStop, IconShieldCheck, IconUsers } from "@tabler/icons-react";
import type { Gate, Preview } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { Panel } from "@/ui/Layout";
import { gateName, gateNumbers } from "./gateNumbers";
import css from "./Gates.module.css";

const verdicts: Record<Gate["verdict"], { tone: Tone; label: string }> = {
  pass: { tone: "ok", label: "Pass" },
  refuse: { tone: "critical", label: "Refused" },
  needs_approval: { tone: "medium", label: "Needs a second person" },
};

/** Rules that stand between a click and a customer's traffic, each with its reason. */
export function GatesStep({ preview }: { preview: Preview }) {
  const approval = preview.gates.some((gate) => gate.verdict === "needs_approval");
  return (
    <Stack gap={16}>
      {preview.allowed ? (
        <Alert
          color={approval ? "yellow" : "green"}
          icon={approval ? <IconUsers size={18} aria-hidden /> : <IconShieldCheck size={18} aria-hidden />}
          title={approval ? "Allowed, with a second person" : "All gates pass"}
        >
          {approval
            ? "The block waits until somebody else with the right to approve has agreed. Nothing is changed before."
            : "The gates are checked again at the moment of the push."}
        </Alert>
      ) : (
        <Alert
          color="red"
          icon={<IconHandStop size={18} aria-hidden />}
          title="A gate refuses this block"
          role="alert"
        >
          Nothing was changed. Go back and make the match narrower, or remove the protected network if it is
          no longer right.
        </Alert>
      )}
      <Panel title="Gates">
        <ul className={css["gates"]}>
          {preview.gates.map((gate) => (
            <li key={gate.gate} className={css["gate"]}>
              <div>
                <strong>{gateName(gate.gate)}</strong>
                <div className="soft">{gate.sentence}</div>
                <div className={css["numbers"]}>
                  {gateNumbers(gate).map(([label, value]) => (
                    <span key={label}>
                      {label}: {value}
                    </span>
                  ))}
                </div>
              </div>
              <Pill tone={verdicts[gate.verdict].tone} icon>
                {verdicts[gate.verdict].label}
              </Pill>
            </li>
          ))}
        </ul>
      </Panel>
    </Stack>
  );
}
