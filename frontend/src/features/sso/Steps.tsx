import { IconCircleCheckFilled, IconCircleDashed } from "@tabler/icons-react";
import type { Domain, Provider, SsoPolicy } from "@/api/types";
import css from "./Sso.module.css";

interface StepsProps {
  providers: Provider[];
  domains: Domain[];
  policy: SsoPolicy | undefined;
}

/** From nothing to required, in the order in which each step becomes possible; done is what the data says. */
export function Steps({ providers, domains, policy }: StepsProps) {
  const steps = [
    {
      done: domains.some((domain) => domain.verified_at),
      title: "Verify your e-mail domain",
      text: "A TXT record shows that the domain is yours.",
    },
    {
      done: providers.length > 0,
      title: "Add the identity provider",
      text: "OpenID Connect or SAML; copy our addresses into it.",
    },
    {
      done: providers.some((provider) => provider.tested?.ok),
      title: "Test the sign-in",
      text: "You sign in there once; nothing changes for anybody.",
    },
    {
      done: providers.some((provider) => provider.enabled),
      title: "Switch it on",
      text: "Its button appears on the sign-in page, beside the password.",
    },
    {
      done: policy?.required ?? false,
      title: "Require it, if you want",
      text: "Passwords stop working, but for one owner you choose.",
    },
  ];
  const next = steps.findIndex((step) => !step.done);
  return (
    <ol className={css["steps"]}>
      {steps.map((step, index) => (
        <li key={step.title} data-done={step.done} aria-current={index === next ? "step" : undefined}>
          {step.done ? (
            <IconCircleCheckFilled size={18} color="var(--ok)" aria-hidden />
          ) : (
            <IconCircleDashed size={18} color="var(--ink-3)" aria-hidden />
          )}
          <div>
            <span className="visually-hidden">{step.done ? "Done: " : "To do: "}</span>
            <strong>{step.title}</strong>
            <div>{step.text}</div>
          </div>
        </li>
      ))}
    </ol>
  );
}
