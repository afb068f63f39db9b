import { Center, Loader } from "@mantine/core";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, Suspense, useState, type ComponentType } from "react";
import { problemOf } from "@/api/client";
import { SessionContext, usePlace } from "@/api/session";
import type { Session } from "@/api/types";
import { PROVED_PAGE } from "./proved";
import { makeRouter } from "./router";
import { StepUp } from "./StepUp";

const Landing = lazy(() => import("@/features/accounts/Landing"));
const SignIn = lazy(() => import("@/features/accounts/SignIn"));
const NeedsFactor = lazy(() => import("@/features/accounts/NeedsFactor"));

/** Pages that mails, sign-up and identity providers lead to, whoever is signed in. */
const linked: Record<string, ComponentType> = {
  "/account/reset": lazy(() => import("@/features/accounts/ResetPage")),
  "/account/email": lazy(() => import("@/features/accounts/EmailPage")),
  "/welcome": lazy(() => import("@/features/accounts/WelcomePage")),
  "/invitation": lazy(() => import("@/features/accounts/InvitationPage")),
  [PROVED_PAGE]: lazy(() => import("@/features/accounts/ProvedPage")),
};

const wait = (
  <Center mih="100dvh" role="status" aria-label="Loading Portcullis">
    <Loader size="sm" />
  </Center>
);

/** The same build serves the public host and each tenant's host; the session says which this is. */
export function Door() {
  const place = usePlace();
  const [Linked] = useState(() => linked[window.location.pathname]);
  if (place.isPending) return wait;
  if (!place.data) {
    const problem = problemOf(place.error);
    return (
      <Center mih="100dvh" component="main" p={24}>
        <div role="alert" style={{ maxWidth: 480 }}>
          <h1 style={{ fontSize: 20, fontWeight: 500 }}>{problem.title}</h1>
          <p className="soft">{[problem.detail, problem.action].filter(Boolean).join(" ")}</p>
          <button type="button" onClick={() => void place.refetch()}>
            Try again
          </button>
        </div>
      </Center>
    );
  }
  const { data } = place;
  if (Linked && data.kind !== "root")
    return (
      <Suspense fallback={wait}>
        <Linked />
      </Suspense>
    );
  return (
    <Suspense fallback={wait}>
      {data.kind === "root" ? <Landing /> : null}
      {data.kind === "sign-in" ? <SignIn factors={data.factors} note={data.note} /> : null}
      {data.kind === "tenant" ? <Inside session={data.session} /> : null}
    </Suspense>
  );
}

function Inside({ session }: { session: Session }) {
  const [router] = useState(makeRouter);
  return (
    <SessionContext value={session}>
      <StepUp />
      {session.needs === "second-factor" ? <NeedsFactor /> : <RouterProvider router={router} />}
    </SessionContext>
  );
}
