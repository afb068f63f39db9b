import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import { ApiProblem } from "@/api/client";
import { PLACE } from "@/api/session";
import { theme, variables } from "@/ui/theme";
import { Door } from "./Door";

function makeClient(): QueryClient {
  // Signed out meanwhile, or a rule of the workspace now asks for more: what is shown follows.
  const moved = (error: unknown): void => {
    if (!(error instanceof ApiProblem)) return;
    if (error.status === 401 || error.problem.code === "second-factor-required")
      void client.invalidateQueries({ queryKey: PLACE });
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError: moved }),
    mutationCache: new MutationCache({ onError: moved }),
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        retry: (count, error) =>
          count < 2 && (!(error instanceof ApiProblem) || error.status === 0 || error.status >= 500),
      },
    },
  });
  return client;
}

export function App() {
  const [client] = useState(makeClient);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <Notifications position="bottom-right" limit={4} />
        <Door />
      </QueryClientProvider>
    </MantineProvider>
  );
}
