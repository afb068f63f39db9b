import { Button, Group, Modal, Stack } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, rememberCsrf, unwrap } from "@/api/client";
import { proveByCode, proveByPasskey } from "@/api/factors";
import { PLACE, useSession } from "@/api/session";
import { answerProof } from "@/api/stepUp";
import { FactorWays } from "@/features/accounts/FactorWays";
import { PROVED, PROVED_PAGE } from "./proved";

/** Asks who it is once more, by whatever the account has; the request that waits goes on, or is given up unchanged. */
export default function StepUpDialog() {
  const { step_up, provider } = useSession();
  const client = useQueryClient();
  const shown = (): void => {
    void client.invalidateQueries({ queryKey: PLACE });
    answerProof(true);
  };
  return (
    <Modal
      opened
      onClose={() => answerProof(false)}
      title="Show that it is you"
      withCloseButton={false}
      zIndex={400}
      closeOnEscape={false}
      closeOnClickOutside={false}
      overlayProps={{ backgroundOpacity: 0.6 }}
    >
      <Stack>
        <p className="soft" style={{ margin: 0 }}>
          This cannot be taken back easily, so we ask once more. It then holds for some minutes.
        </p>
        <FactorWays
          ways={step_up.ways}
          submit="Go on"
          code={proveByCode}
          passkey={proveByPasskey}
          password={(password) =>
            unwrap(api.POST("/session/step-up", { params: { path: {} }, body: { password } }))
          }
          touches={[]}
          onDone={shown}
          other={
            provider ? <AtProvider id={provider} onDone={shown} /> : step_up.ways.length ? null : <Nothing />
          }
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={() => answerProof(false)}>
            Cancel, change nothing
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Nothing() {
  return (
    <p style={{ margin: 0 }}>
      Your account has neither a password nor a second factor to show. Set a password by a mailed link: sign
      out and choose “Forgot the password?”.
    </p>
  );
}

/** The identity provider asks in a tab of its own; this one sees when it has. */
function AtProvider({ id, onDone }: { id: string; onDone: () => void }) {
  const { user } = useSession();
  const [away, setAway] = useState(false);
  const offers = useQuery({
    queryKey: ["sign-in-page", ""],
    queryFn: () => unwrap(api.GET("/sso/sign-in", { params: { path: {} } })),
    staleTime: Infinity,
  });
  const name = offers.data?.providers.find((offer) => offer.id === id)?.name ?? "the identity provider";
  useEffect(() => {
    if (!away) return undefined;
    let over = false;
    const look = async (): Promise<void> => {
      const now = await unwrap(api.GET("/session", { params: { path: {} } })).catch(() => null);
      if (over || !now) return;
      // Somebody else signed in over there: nothing of this person's goes on.
      if (now.user.id !== user.id) {
        window.location.assign("/");
        return;
      }
      rememberCsrf(now.csrf_token);
      if (now.step_up.until) onDone();
    };
    const channel = new BroadcastChannel(PROVED);
    channel.onmessage = () => void look();
    const timer = setInterval(() => void look(), 3000);
    return () => {
      over = true;
      channel.close();
      clearInterval(timer);
    };
  }, [away, onDone, user.id]);
  return (
    <div>
      <Button
        fullWidth
        variant="default"
        component="a"
        href={`/sso/${id}/start?fresh=1&next=${encodeURIComponent(PROVED_PAGE)}`}
        target="_blank"
        rightSection={<IconExternalLink size={15} aria-hidden />}
        onClick={() => setAway(true)}
      >
        Sign in again with {name}
      </Button>
      <p className="muted" aria-live="polite" style={{ margin: "8px 0 0", fontSize: 13 }}>
        {away ? "Waiting for the other tab. This one goes on by itself." : "Opens in a new tab."}
      </p>
    </div>
  );
}
