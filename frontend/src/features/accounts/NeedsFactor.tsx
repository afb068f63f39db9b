import { Button } from "@mantine/core";
import { useSession, useSignOut } from "@/api/session";
import { Logo } from "@/ui/Logo";
import { SecondFactors } from "../account/SecondFactors";
import css from "./Front.module.css";

/** The workspace asks for a second factor, and there is none yet: the one thing that can be done. */
export default function NeedsFactor() {
  const { tenant, user } = useSession();
  const signOut = useSignOut();
  return (
    <main className={css["center"]}>
      <div className={`${css["card"]} ${css["wide"]}`}>
        <div className={css["brand"]}>
          <Logo size={30} /> {tenant.name}
        </div>
        <h1 className={css["cardTitle"]}>Set up a second factor</h1>
        <p className={css["cardLead"]}>
          This workspace requires one, and {user.email} has none yet. It takes a minute; the rest opens right
          after.
        </p>
        <SecondFactors />
        <div className={css["cardFoot"]}>
          <Button variant="subtle" size="compact-sm" onClick={() => void signOut()}>
            Sign out
          </Button>
        </div>
      </div>
    </main>
  );
}
