import { Center, Loader } from "@mantine/core";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { problemOf } from "@/api/client";
import { SessionContext, usePlace } from "@/api/session";
import { makeRouter } from "./router";

const Landing = lazy(() => import("@/features/accounts/Landing"));
const SignIn = lazy(() => import("@/features/accounts/SignIn"));

const wait = (
  <Center mih="100dvh" role="status" aria-label="Loading Portcullis">
    <Loader size="sm" />
  </Center>
);

/** The same build serves the public host and each tenant's host; the session says which this is. */
export function Door() {
  const place = usePlace();
  const [router] = useState(makeRouter);
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
  return (
    <Suspense fallback={wait}>
      {place.data.kind === "root" ? <Landing /> : null}
      {place.data.kind === "sign-in" ? <SignIn /> : null}
      {place.data.kind === "tenant" ? (
        <SessionContext value={place.data.session}>
          <RouterProvider router={router} />
        </SessionContext>
      ) : null}
    </Suspense>
  );
}
