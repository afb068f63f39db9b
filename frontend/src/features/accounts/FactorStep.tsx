import { Anchor } from "@mantine/core";
import { useState } from "react";
import { api, ApiProblem, unwrap } from "@/api/client";
import { giveCode, givePasskey } from "@/api/factors";
import { useChange } from "@/api/queries";
import { PLACE } from "@/api/session";
import type { FactorType } from "@/api/types";
import { FactorWays } from "./FactorWays";
import css from "./Front.module.css";
import { FrontCard } from "./FrontCard";

interface FactorStepProps {
  factors: FactorType[];
  /** Half a sign-in is kept for 15 minutes; then it begins again. */
  onLate: () => void;
}

/** The second half of signing in. */
export function FactorStep({ factors, onLate }: FactorStepProps) {
  const [attempt, setAttempt] = useState(0);
  const again = useChange({
    run: () => unwrap(api.DELETE("/session", { params: { path: {} } })),
    touches: [PLACE],
  });
  const noticing = async (step: Promise<unknown>): Promise<unknown> => {
    try {
      return await step;
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) onLate();
      throw error;
    }
  };
  return (
    <FrontCard
      title="One more step"
      lead="The password is right. This account has a second factor as well."
      foot={
        <span className={css["ways"]}>
          <span>All of them lost? An administrator of the workspace can clear them under Members.</span>
          <Anchor component="button" type="button" fz="inherit" onClick={() => again.mutate()}>
            Sign in as somebody else
          </Anchor>
        </span>
      }
    >
      <FactorWays
        key={attempt}
        ways={factors}
        touches={[PLACE]}
        submit="Sign in"
        code={(code) => noticing(giveCode(code))}
        passkey={() => noticing(givePasskey())}
        onDone={() => setAttempt(attempt + 1)}
      />
    </FrontCard>
  );
}
