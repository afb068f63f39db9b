import { ButtonLink } from "@/ui/ButtonLink";
import type { ConnectionDetail } from "@/api/types";
import css from "./Connections.module.css";
import { Traffic } from "./Traffic";

/** The last step of what only sends us calls: whether they arrive. */
export function CallsStep({ connection }: { connection: ConnectionDetail }) {
  return (
    <>
      <Traffic id={connection.id} />
      <div className={css["foot"]}>
        <ButtonLink to="/connections/$id" params={{ id: connection.id }} variant="default">
          Go to the connection
        </ButtonLink>
        <ButtonLink to="/endpoints">See the endpoints</ButtonLink>
      </div>
    </>
  );
}
