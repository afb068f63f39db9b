import { Alert, Button, Select, Stack, Textarea } from "@mantine/core";
import { IconCircleCheckFilled, IconCircleX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, CANCELLED, problemOf, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useSession } from "@/api/session";
import { plural } from "@/ui/format";
import { FormProblem } from "@/ui/Problem";
import { useWait } from "@/ui/useWait";
import { addressesIn } from "./addresses";
import { useRoleChoices } from "./rights";

interface Sent {
  email: string;
  /** Why not; null when the mail is on its way. */
  refused: string | null;
}

/** Several addresses at once, one role. What could not be sent stays in the field. */
export function Invite() {
  const { user } = useSession();
  const roles = useRoleChoices();
  const [text, setText] = useState("");
  const [role, setRole] = useState("analyst");
  const [sent, setSent] = useState<Sent[]>([]);
  const emails = addressesIn(text);
  const invite = useChange({
    run: async () => {
      const results: Sent[] = [];
      for (const email of emails) {
        try {
          await unwrap(api.POST("/invitations", { params: { path: {} }, body: { email, role } }));
          results.push({ email, refused: null });
        } catch (error) {
          const { code, status, detail } = problemOf(error);
          // What holds for one holds for the rest: not allowed, too many, not reachable.
          if (code === CANCELLED || [0, 401, 403, 429].includes(status)) {
            setSent(results);
            setText(emails.slice(results.length).join("\n"));
            throw error;
          }
          results.push({ email, refused: detail });
        }
      }
      return results;
    },
    touches: [["invitations"]],
    quiet: true,
    onDone: (results) => {
      setSent(results);
      setText(
        results
          .filter((item) => item.refused)
          .map((item) => item.email)
          .join("\n"),
      );
    },
  });
  const wait = useWait(invite.error);
  const chosen = roles.find((item) => item.value === role);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setSent([]);
        invite.mutate();
      }}
    >
      <Stack gap={14}>
        {user.email_verified ? null : (
          <Alert color="yellow">
            Your own address is not confirmed yet, so you cannot invite. Open the link we mailed you, or ask
            for a new one under{" "}
            <Link to="/settings/$part" params={{ part: "account" }}>
              Account
            </Link>
            .
          </Alert>
        )}
        <Textarea
          label="E-mail addresses"
          description="One or many, separated by commas, spaces or lines."
          required
          autosize
          minRows={2}
          maxRows={8}
          placeholder="sam@example.com, kim@example.com"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Select
          label="Role"
          description={chosen?.sentence ?? "What they may do."}
          data={roles}
          value={role}
          allowDeselect={false}
          onChange={(value) => setRole(value ?? "analyst")}
        />
        <FormProblem error={invite.error} />
        <Results sent={sent} />
        <div>
          <Button type="submit" loading={invite.isPending} disabled={!emails.length || wait > 0}>
            {emails.length > 1 ? `Invite ${plural(emails.length, "person", "people")}` : "Invite"}
          </Button>
        </div>
        <p className="muted" style={{ margin: 0, fontSize: 13 }}>
          Each gets a mail with a link that works once, for seven days.
        </p>
      </Stack>
    </form>
  );
}

function Results({ sent }: { sent: Sent[] }) {
  return (
    <div role="status">
      <ul style={{ margin: 0, padding: 0, listStyle: "none", fontSize: 13 }}>
        {sent.map((item) => (
          <li key={item.email} style={{ display: "flex", gap: 6, padding: "2px 0" }}>
            {item.refused ? (
              <IconCircleX
                size={16}
                color="var(--critical)"
                style={{ flex: "none", marginTop: 2 }}
                aria-hidden
              />
            ) : (
              <IconCircleCheckFilled
                size={16}
                color="var(--ok)"
                style={{ flex: "none", marginTop: 2 }}
                aria-hidden
              />
            )}
            <span style={{ overflowWrap: "anywhere" }}>
              {item.email}: {item.refused ?? "the mail is on its way"}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
