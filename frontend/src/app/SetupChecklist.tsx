import { useLocalStorage } from "@mantine/hooks";
import { IconCircleCheckFilled, IconCircleDashed, IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useSession } from "@/api/session";
import type { SetupStep } from "@/api/types";
import css from "./Shell.module.css";

/** Five steps, each proved by data rather than by a click. Hidden per person. */
export function SetupChecklist({ steps }: { steps: SetupStep[] }) {
  const { user } = useSession();
  const [hidden, setHidden] = useLocalStorage({
    key: `setup-hidden:${user.id}`,
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const done = steps.filter((step) => step.done).length;
  if (hidden || !steps.length || done === steps.length) return null;
  return (
    <section className={css["checklist"]} aria-label="Set-up">
      <div className={css["checkHead"]}>
        <span>
          Set-up: {done} of {steps.length}
        </span>
        <button type="button" aria-label="Hide set-up steps" onClick={() => setHidden(true)}>
          <IconX size={14} aria-hidden />
        </button>
      </div>
      <div className={css["bar"]} aria-hidden>
        <span style={{ width: `${(100 * done) / steps.length}%` }} />
      </div>
      <ol className={css["steps"]}>
        {steps.map((step) => (
          <li key={step.step}>
            {step.done ? (
              <span className={`${css["step"]} ${css["done"]}`}>
                <IconCircleCheckFilled size={16} color="#78d8a4" aria-hidden />
                <span>
                  <span className="visually-hidden">Done: </span>
                  {step.sentence}
                </span>
              </span>
            ) : (
              <Link to={step.href} className={css["step"]}>
                <IconCircleDashed size={16} aria-hidden />
                <span>
                  <span className="visually-hidden">To do: </span>
                  {step.sentence}
                </span>
              </Link>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
