import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { proveByCode, proveByPasskey } from "@/api/factors";
import { PLACE, useSession, useSignOut } from "@/api/session";
import { Logo } from "@/ui/Logo";
import { SecondFactors } from "../account/SecondFactors";
import { FactorWays } from "./FactorWays";
import css from "./Front.module.css";

/** The workspace asks for a second factor, and there is none yet or none was shown: the one thing that can be done. */
export default function NeedsFactor() {
  const { tenant, user, step_up } = useSession();
  const signOut = useSignOut();
  const client = useQueryClient();
  const held = step_up.ways.filter((way) => way !== "password");
  return (
    <main className={css["center"]}>
      <div className={`${css["card"]} ${css["wide"]}`}>
        <div className={css["brand"]}>
          <Logo size={30} /> {tenant.name}
        </div>
        <h1 className={css["cardTitle"]}>
          {held.length ? "Show your second factor" : "Set up a second factor"}
        </h1>
        {held.length ? (
          <>
            <p className={css["cardLead"]}>
              This workspace requires one, and your identity provider did not say that it asked for two.
            </p>
            <FactorWays
              ways={held}
              submit="Go on"
              code={proveByCode}
              passkey={proveByPasskey}
              touches={[]}
              onDone={() => void client.invalidateQueries({ queryKey: PLACE })}
            />
          </>
        ) : (
          <>
            <p className={css["cardLead"]}>
              This workspace requires one, and {user.email} has none yet. It takes a minute; the rest opens
              right after.
            </p>
            <SecondFactors />
          </>
        )}
        <div className={css["cardFoot"]}>
          <Button variant="subtle" size="compact-sm" onClick={() => void signOut()}>
            Sign out
          </Button>
        </div>
      </div>
    </main>
  );
}
