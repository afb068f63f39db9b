import { notifications } from "@mantine/notifications";
import { useEffect } from "react";
import { api, unwrap } from "@/api/client";
import { signInProblem, withoutProblem } from "@/features/accounts/problem";

/** Somebody signed in already whom an identity provider sent back with a refusal is told why. */
export function useSignInProblem(): void {
  useEffect(() => {
    const code = signInProblem();
    if (!code) return;
    withoutProblem();
    const query = { problem: code };
    unwrap(api.GET("/sso/sign-in", { params: { path: {}, query } }))
      .then((page) => page.problem)
      .catch(() => null)
      .then((sentence) => {
        notifications.show({
          title: "Single sign-on did not work",
          message: sentence ?? "You are still signed in as before.",
          color: "red",
          autoClose: false,
        });
      })
      .catch(() => undefined);
  }, []);
}
