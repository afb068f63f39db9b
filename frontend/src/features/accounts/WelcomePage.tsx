import { Alert, Button, Center, Loader, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, unwrap } from "@/api/client";
import { FrontCard } from "./FrontCard";
import { linkToken, toWorkspace } from "./link";

/** Where a sign-up leads: the workspace's own host takes over with what stands behind `#`, once. */
export default function WelcomePage() {
  const [token] = useState(linkToken);
  const handedOver = useQuery({
    queryKey: ["handoff", token],
    queryFn: () => unwrap(api.POST("/session/handoff", { params: { path: {} }, body: { token } })),
    enabled: token !== "",
    retry: false,
    staleTime: Infinity,
  });
  useEffect(() => {
    if (handedOver.isSuccess) toWorkspace();
  }, [handedOver.isSuccess]);
  if (token && !handedOver.error)
    return (
      <Center mih="100dvh" role="status" aria-label="Opening the workspace">
        <Loader size="sm" />
      </Center>
    );
  return (
    <FrontCard title="The workspace is ready" lead={window.location.host}>
      <Stack gap={14}>
        <Alert color="yellow" title="Please sign in" role="alert">
          The link that signs you in works once and for a minute. The workspace is there; nothing was lost.
        </Alert>
        <Button onClick={toWorkspace}>Sign in</Button>
      </Stack>
    </FrontCard>
  );
}
